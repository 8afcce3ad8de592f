"""The parsers of long text, compiled ahead."""

from __future__ import annotations

from containers.content import csv, kernels, libsvm
from containers.content.layout import Layout


def warm() -> None:
    """Read a row of each format, as long streams are read."""
    layout = Layout(labels=1)
    csv.compiled(b"1,2\n", layout, kernels)
    libsvm.compiled(b"1 0:2\n", layout, kernels)

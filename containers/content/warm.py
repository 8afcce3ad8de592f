"""``python -m containers.content.warm``: compile the parsers, so that an image brings their machine code along."""

from __future__ import annotations

from containers.content import csv, kernels, libsvm
from containers.content.layout import Layout


def main() -> None:
    """Read a row of each format, as long streams are read."""
    layout = Layout(labels=1)
    csv.compiled(b"1,2\n", layout, kernels)
    libsvm.compiled(b"1 0:2\n", layout, kernels)


if __name__ == "__main__":
    main()

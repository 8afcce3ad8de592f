"""A directory for what a script needs while it runs."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary directory, removed by the process that made it: the server's workers, forked inside, leave the block too."""
    owner = os.getpid()
    directory = Path(tempfile.mkdtemp(prefix="drydock-script-"))
    try:
        yield directory
    finally:
        if os.getpid() == owner:
            shutil.rmtree(directory, ignore_errors=True)

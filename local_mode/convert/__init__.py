"""Data from one format to another, in pieces that fit into memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from containers.errors import UserError
from local_mode.convert.readers import READERS
from local_mode.convert.writers import WRITERS

#: What a suffix says; a further ``.gz`` on the source is undone on the way.
SUFFIXES: Mapping[str, str] = {
    ".csv": "csv",
    ".libsvm": "libsvm",
    ".svm": "libsvm",
    ".npy": "npy",
    ".npz": "npz",
    ".pbr": "recordio",
    ".rec": "recordio",
    ".recordio": "recordio",
}


def convert(
    source: Path,
    target: Path,
    source_format: str | None = None,
    target_format: str | None = None,
    *,
    labels: int = 1,
    index_base: int = 0,
) -> int:
    """Convert a file; the target appears when it is complete. On a terminal a bar shows the progress.

    Parameters
    ----------
    source_format, target_format
        One of ``csv``, ``libsvm``, ``npy``, ``npz``, ``recordio``; None goes by the suffix.
    labels
        Labels a row: leading columns of CSV and npy, the array ``y`` of npz; 0 leaves them out.
    index_base
        Number of the first feature in libsvm text.

    Returns
    -------
    The number of rows.

    Raises
    ------
    UserError
        A format is unknown, the source is malformed or empty, or the target cannot hold what it says.
    """
    read = READERS[source_format or format_of(source)]
    make = WRITERS[target_format or format_of(target)]
    size = source.stat().st_size
    rows = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".drydock-") as scratch, _bar() as bar:
        task = bar.add_task(source.name, total=size)
        complete = Path(scratch, "complete")
        with make(complete, index_base) as writer:
            for batch, position in read(source, labels, index_base):
                writer.write(batch)
                rows += len(batch)
                bar.update(task, completed=position)
            if not rows:
                raise UserError(f"{source}: there are no rows in it")
        complete.replace(target)
        bar.update(task, completed=size)
    return rows


def format_of(path: Path) -> str:
    """The format that a file's suffix says.

    Raises
    ------
    UserError
        It says none that is known.
    """
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in SUFFIXES:
        raise UserError(f"{path}: the suffix tells no format; known are {', '.join(SUFFIXES)}; or give --from or --to")
    return SUFFIXES[suffix.lower()]


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

"""Which files of a channel are data, and in which order they are read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from containers.errors import UserError

#: Written beside the data by Hadoop, Spark and Parquet writers.
MARKERS = frozenset({"_SUCCESS", "_metadata", "_common_metadata"})


def find(root: Path) -> list[tuple[str, Path]]:
    """Relative name and path of every data file under a directory, sorted by name; of `root` itself if it is a file.

    Directories are searched at any depth, links are followed. What begins with a dot and what is no regular file is left out.

    Raises
    ------
    UserError
        There is nothing at that path, or something in it cannot be read.
    """
    if root.is_file():
        return [(root.name, root)]
    found = [(path.relative_to(root).as_posix(), path) for path in _walk(root, set())]
    manifest = _manifest_order(root)
    return sorted(found, key=lambda item: (manifest.get(item[0], len(manifest)), item[0]))


def _walk(directory: Path, above: set[str]) -> Iterator[Path]:
    """Data files below a directory; `above` holds the real paths on the way down, so that links in a circle end."""
    real = os.path.realpath(directory)
    if real in above:
        return
    try:
        entries = list(os.scandir(directory))
    except OSError as error:
        raise UserError(f"{directory}: cannot be read: {error.strerror}") from error
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or entry.name in MARKERS:
            continue
        if entry.is_dir():
            yield from _walk(path, above | {real})
        elif entry.is_file() or not path.exists():  # a dangling link is an error when it is opened, not silence here
            yield path


def _manifest_order(root: Path) -> dict[str, int]:
    """Place of each file in the list of a ManifestFile channel, ``[{"prefix": "s3://bucket/data/"}, "a.csv", "b/c.csv"]``.

    Names are relative to the prefix. The list settles the order and nothing else: what is there is read.
    """
    path = root.with_name(f"{root.name}-manifest")
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path.name}: malformed JSON: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(name, str) for name in entries[1:]):
        raise UserError(f"{path.name}: expected a list of a prefix and file names")
    return {name: place for place, name in enumerate(entries[1:])}

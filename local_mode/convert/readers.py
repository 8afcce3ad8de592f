"""Readers: a file as batches of rows, each with the bytes of the file that are done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

from containers.batch import Batch
from containers.channels import Part
from containers.channels.unwrap import gunzip
from containers.content import tabular
from containers.errors import UserError
from containers.media import CSV, LIBSVM, RECORDIO, MediaType
from local_mode.convert import npz
from local_mode.convert.npy import NpyReader
from local_mode.convert.rows import ROWS, float32, pieces

Read = Iterator[tuple[Batch, int]]
#: Path, labels a row, number of the first feature in libsvm text.
Reader = Callable[[Path, int, int], Read]


def _decoded(media: str, path: Path, labels: int, index_base: int, features: int | None = None) -> Read:
    """Through the decoders of training and serving: what they refuse is refused here in the same words."""
    size = path.stat().st_size
    with path.open("rb") as raw:
        stream: BinaryIO = gunzip(path.name, raw) if path.suffix == ".gz" else raw
        for batch in tabular.read(
            [Part(path.name, stream)],
            MediaType(media),
            rows=ROWS,
            features=features,
            labels=labels,
            missing=True,
            index_base=index_base,
        ):
            yield batch, size if raw.closed else raw.tell()


def _libsvm(path: Path, labels: int, index_base: int) -> Read:
    """Twice through the file: how wide the rows are is known only at its end."""
    width = max((batch.features.shape[1] for batch, _ in _decoded(LIBSVM, path, labels, index_base)), default=0)
    return _decoded(LIBSVM, path, labels, index_base, width)


def _npy(path: Path, labels: int, index_base: int) -> Read:
    """A two-dimensional array, the labels in its first columns."""
    size = path.stat().st_size
    with path.open("rb") as raw:
        table = NpyReader(raw, path.name)
        if len(table.shape) != 2 or table.shape[1] <= labels:
            raise UserError(f"{path.name}: expected rows of {labels} labels and features, got the shape {table.shape}")
        count, width = table.shape
        for start, stop in pieces(count, width):
            values, where = table.take(stop - start), f"{path.name}, from row {start}"
            features = float32(values[:, labels:], where, missing=True)
            found = float32(values[:, 0] if labels == 1 else values[:, :labels], where, missing=False) if labels else None
            yield Batch(features, found), size * stop // count


READERS: Mapping[str, Reader] = {
    "csv": partial(_decoded, CSV),
    "libsvm": _libsvm,
    "recordio": partial(_decoded, RECORDIO),
    "npy": _npy,
    "npz": npz.read,
}

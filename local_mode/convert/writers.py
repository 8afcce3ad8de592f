"""Writers: batches of rows to a file, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import orjson
from numpy.typing import NDArray
from scipy.sparse import csr_array

import recordio
from containers.batch import Batch
from containers.errors import UserError
from local_mode.convert.npy import NpyWriter
from local_mode.convert.npz import NpzWriter
from local_mode.convert.rows import dense, labels_first


class Writer(Protocol):
    """A context manager; on leaving it without an error the file is complete."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def write(self, batch: Batch) -> None: ...


class _FileWriter:
    """What the formats share that are one stream of rows."""

    def __init__(self, path: Path, index_base: int) -> None:
        self._file = path.open("wb")
        self._index_base = index_base

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


class _CsvWriter(_FileWriter):
    def write(self, batch: Batch) -> None:
        for features, labels in dense(batch):
            self._file.write(_text(labels_first(features, labels))[2:-2].replace(b"],[", b"\n") + b"\n")


class _LibsvmWriter(_FileWriter):
    def write(self, batch: Batch) -> None:
        if batch.labels is None or batch.labels.ndim != 1:
            raise UserError("libsvm text holds one label a row: name the labels with --label-size 1")
        features = csr_array(batch.features)
        labels = _text(batch.labels)[1:-1].split(b",")
        indices = _text(features.indices + self._index_base)[1:-1].split(b",")
        values = _text(features.data)[1:-1].split(b",")
        pairs = [b"%b:%b" % pair for pair in zip(indices, values, strict=True)]
        bounds = features.indptr
        self._file.writelines(
            b" ".join([label, *pairs[start:stop]]) + b"\n"
            for label, start, stop in zip(labels, bounds[:-1], bounds[1:], strict=True)
        )


class _RecordIOWriter(_FileWriter):
    def write(self, batch: Batch) -> None:
        recordio.write(self._file, batch.features, batch.labels)


class _NpyTableWriter:
    def __init__(self, path: Path, index_base: int) -> None:
        self._array = NpyWriter(path, np.float32)

    def __enter__(self) -> Self:
        self._array.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._array.__exit__(kind, error, trace)

    def write(self, batch: Batch) -> None:
        for features, labels in dense(batch):
            self._array.write(labels_first(features, labels))


def _text(values: NDArray[Any]) -> bytes:
    """JSON: of every number the shortest text that reads back as the same float32, whole numbers without ``.0``."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return text.replace(b".0,", b",").replace(b".0]", b"]").replace(b"null", b"nan")


WRITERS: Mapping[str, Callable[[Path, int], Writer]] = {
    "csv": _CsvWriter,
    "libsvm": _LibsvmWriter,
    "recordio": _RecordIOWriter,
    "npy": _NpyTableWriter,
    "npz": NpzWriter,
}

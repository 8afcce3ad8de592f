"""npz archives: arrays ``X`` and ``y``, or a CSR matrix as `scipy.sparse.save_npz` writes it, and ``y``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from math import prod
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from containers.batch import Batch
from containers.errors import UserError
from local_mode.convert.npy import NpyReader, NpyWriter
from local_mode.convert.rows import float32, pieces

CSR = ("data", "indices", "indptr", "shape", "format")


def read(path: Path, labels: int, index_base: int) -> Iterator[tuple[Batch, int]]:
    """Batches, each with the bytes of the file that are done with it.

    Raises
    ------
    UserError
        The archive is damaged, or does not hold what it should.
    """
    size = path.stat().st_size
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(path))
            names = {name.removesuffix(".npy") for name in archive.namelist()}

            def member(name: str) -> NpyReader:
                if name not in names:
                    raise UserError(f"{path.name}: expected an array {name!r}, found {', '.join(sorted(names))}")
                return NpyReader(stack.enter_context(archive.open(f"{name}.npy")), f"{path.name}, array {name}")

            count, width, take = _csr(path, archive, member) if names.issuperset(CSR) else _dense(member("X"))
            y = member("y") if labels else None
            if y is not None and (y.shape[:1] != (count,) or prod(y.shape[1:]) != labels):
                raise UserError(f"{y.name}: expected {labels} a row for {count} rows, got the shape {y.shape}")
            for start, stop in pieces(count, width):
                features = take(start, stop)
                found = None if y is None else float32(y.take(stop - start), f"{y.name}, from row {start}", missing=False)
                yield Batch(features, found), size * stop // count
    except (zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path.name}: not a readable npz archive: {error}") from None


#: Features of the rows from the first number to before the second, asked for in order.
_Take = Callable[[int, int], Any]


def _dense(table: NpyReader) -> tuple[int, int, _Take]:
    if len(table.shape) != 2:
        raise UserError(f"{table.name}: expected rows of features, got the shape {table.shape}")

    def take(start: int, stop: int) -> Any:
        return float32(table.take(stop - start), f"{table.name}, from row {start}", missing=True)

    return *table.shape, take


def _csr(path: Path, archive: zipfile.ZipFile, member: Callable[[str], NpyReader]) -> tuple[int, int, _Take]:
    with archive.open("format.npy") as stream:
        form = np.lib.format.read_array(stream, allow_pickle=False).item()
    if form not in (b"csr", "csr"):
        raise UserError(f"{path.name}: expected a matrix in CSR form, got {form!r}")
    rows, width = (int(number) for number in member("shape").take(2))
    indptr = member("indptr").take(rows + 1).astype(np.int64)
    if rows < 0 or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise UserError(f"{path.name}, array indptr: expected numbers that rise from 0")
    indices, data = member("indices"), member("data")

    def take(start: int, stop: int) -> Any:
        count, where = int(indptr[stop] - indptr[start]), f"{path.name}, from row {start}"
        columns = indices.take(count).astype(np.int64)
        if count and not 0 <= columns.min() <= columns.max() < width:
            raise UserError(f"{where}: expected column indices from 0 to {width - 1}")
        values = float32(data.take(count), where, missing=True)
        found = csr_array((values, columns, indptr[start : stop + 1] - indptr[start]), shape=(stop - start, width))
        found.sum_duplicates()
        return found

    # wide rows cost nothing here: their width does not count for the size of a piece
    return rows, 1, take


class NpzWriter:
    """Gathers the arrays beside the archive, for a zip takes its members one after the other; sparse if the first batch is."""

    def __init__(self, path: Path, index_base: int) -> None:
        self._path = path
        self._stack = ExitStack()
        self._arrays: dict[str, NpyWriter] = {}
        self._stored = 0
        self._shape = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, trace)
        if error is not None:
            return
        with zipfile.ZipFile(self._path, "w") as archive:
            for name in self._arrays:
                archive.write(self._member(name), f"{name}.npy")
            if "indptr" in self._arrays:
                for name, value in (("shape", np.array(self._shape)), ("format", np.array(b"csr"))):
                    with archive.open(f"{name}.npy", "w") as stream:
                        np.lib.format.write_array(stream, value)

    def write(self, batch: Batch) -> None:
        if batch.is_sparse:
            self._write_csr(batch.features)
        else:
            self._array("X", np.float32).write(batch.features)
        if batch.labels is not None:
            self._array("y", np.float32).write(batch.labels)

    def _write_csr(self, features: csr_array) -> None:
        if not self._stored and self._shape == (0, 0):
            self._array("indptr", np.int64).write(np.zeros(1, np.int64))
        self._array("indptr", np.int64).write(features.indptr[1:].astype(np.int64) + self._stored)
        self._array("indices", np.int64 if features.shape[1] > np.iinfo(np.int32).max else np.int32).write(features.indices)
        self._array("data", np.float32).write(features.data)
        self._stored += features.nnz
        self._shape = (self._shape[0] + features.shape[0], features.shape[1])

    def _array(self, name: str, dtype: type[np.generic]) -> NpyWriter:
        if name not in self._arrays:
            self._arrays[name] = self._stack.enter_context(NpyWriter(self._member(name), dtype))
        return self._arrays[name]

    def _member(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}-{name}.npy")

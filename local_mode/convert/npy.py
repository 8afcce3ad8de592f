"""numpy's npy format a few rows at a time; numpy itself reads the members of an npz, and writes, only whole arrays."""

from __future__ import annotations

import io
from math import prod
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from containers.errors import UserError

PORTION = 1 << 26
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NpyReader:
    """An array taken from a stream in pieces. A column-major array has no rows in one piece and is loaded whole.

    Attributes
    ----------
    name
        What errors call it.
    shape
        That of the whole array.

    Raises
    ------
    UserError
        The stream holds no array of numbers, or ends before the array does.
    """

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self.name = name
        try:
            read_header = _HEADERS[np.lib.format.read_magic(stream)]
            self.shape, column_major, self._dtype = read_header(stream)
        except (ValueError, KeyError) as error:
            raise UserError(f"{name}: not an npy array: {error}") from None
        if self._dtype.kind not in "fiub":
            raise UserError(f"{name}: expected an array of numbers, got one of {self._dtype}")
        if column_major and len(self.shape) > 1:
            content = self._read(self.shape)
            self._stream = io.BytesIO(np.ascontiguousarray(content.reshape(self.shape[::-1]).T).tobytes())

    def take(self, rows: int) -> NDArray[Any]:
        """The next `rows` rows, shape: (rows, …)."""
        return self._read((rows, *self.shape[1:]))

    def _read(self, shape: tuple[int, ...]) -> NDArray[Any]:
        size = prod(shape) * self._dtype.itemsize
        content = bytearray()
        # in portions: a header may claim more than there is
        while chunk := self._stream.read(min(size - len(content), PORTION)):
            content += chunk
        if len(content) < size:
            raise UserError(f"{self.name}: the file ends before the array of shape {self.shape} does")
        return np.frombuffer(content, self._dtype).reshape(shape)


class NpyWriter:
    """Writes an array of rows that come in pieces; the header is settled on leaving the context."""

    def __init__(self, path: Path, dtype: type[np.generic]) -> None:
        self._file = path.open("wb")
        self._dtype = np.dtype(dtype)
        self._rows = 0
        self._width: tuple[int, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self._write_header()
        self._file.close()

    def write(self, rows: NDArray[Any]) -> None:
        """Append rows, shape: (rows, …), all of one width."""
        if self._file.tell() == 0:
            self._width = rows.shape[1:]
            self._write_header()
            self._file.seek(0, io.SEEK_END)
        self._file.write(np.ascontiguousarray(rows, self._dtype).data)
        self._rows += len(rows)

    def _write_header(self) -> None:
        """numpy leaves room in a header for the first dimension to grow, so that one can be written over another."""
        self._file.seek(0)
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": (self._rows, *self._width)}
        np.lib.format.write_array_header_1_0(self._file, header)

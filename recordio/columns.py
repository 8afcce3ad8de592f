"""Checked arrays, and the protobuf fields of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recordio import layout as fields
from recordio.errors import RecordIOError
from recordio.layout import FLOAT32, FLOAT64, INT32, Kind
from recordio.wire import Ints, Segment, constant, encode_varints, field, varint


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A feature or label: the values of all rows one after another, those of row i from ``bounds[i]`` to ``bounds[i + 1]``.

    Attributes
    ----------
    keys
        Each value's place in its row; None for dense rows.
    width
        Values of a row, those that a sparse one leaves out included.
    """

    tag: bytes
    name: str
    kind: Kind
    values: NDArray[Any]
    bounds: Ints
    keys: NDArray[Any] | None
    width: int

    @classmethod
    def of(cls, tag: bytes, name: str, table: Any) -> NumberColumn:
        """Check a dense array or any scipy sparse one.

        Raises
        ------
        RecordIOError
            An integer that does not fit 32 bits.
        ValueError
            Another type or shape than `recordio.write` takes.
        """
        title = fields.title(tag, name)
        if hasattr(table, "tocsr"):  # asks for no import of scipy
            if tag == fields.LABEL_TAG:
                raise ValueError(f"{title}: expected a dense array, got a sparse one")
            matrix = table.tocsr()
            if not matrix.has_canonical_format:
                matrix = matrix.copy()
                matrix.sum_duplicates()
            values, keys, bounds, width = matrix.data, matrix.indices, matrix.indptr.astype(np.int64), matrix.shape[1]
        else:
            array = np.asarray(table)
            if array.ndim == 1 and tag == fields.LABEL_TAG:
                array = array[:, None]
            if array.ndim != 2:
                raise ValueError(f"{title}: expected the shape (rows, width), got {array.shape}")
            values, keys, width = array.reshape(-1), None, array.shape[1]
            bounds = np.arange(len(array) + 1) * width
        if width == 0:
            raise ValueError(f"{title}: expected at least one value per row, got none")
        column = cls(tag, name, _kind(values.dtype, title), values, bounds, keys, width)
        column._check_range()
        return column

    @property
    def title(self) -> str:
        return fields.title(self.tag, self.name)

    @property
    def rows(self) -> int:
        return len(self.bounds) - 1

    @property
    def nbytes(self) -> int:
        return self.values.nbytes + (0 if self.keys is None else self.keys.nbytes)

    def segments(self, rows: slice) -> list[Segment]:
        """The column's entries in the records of these rows."""
        bounds = self.bounds[rows.start : rows.stop + 1]
        part = slice(bounds[0], bounds[-1])
        every = np.ones(len(bounds) - 1, np.bool_)
        tensor = field(fields.VALUES_TAG, _packed(self.values[part], bounds - bounds[0], self.kind.dtype), optional=True)
        if self.keys is not None:
            keys = _packed(self.keys[part], bounds - bounds[0], np.dtype(np.int64))
            shape = constant(varint(self.width), every)
            tensor += [*field(fields.KEYS_TAG, keys, optional=True), *field(fields.SHAPE_TAG, shape)]
        value = field(fields.MAP_VALUE_TAG, *field(self.kind.tag, *tensor))
        return field(self.tag, constant(fields.map_key(self.name), every), *value)

    def _check_range(self) -> None:
        if self.kind is not INT32 or not self.values.size:
            return
        limits = np.iinfo(np.int32)
        if self.values.min() < limits.min or self.values.max() > limits.max:
            place = int(((self.values < limits.min) | (self.values > limits.max)).argmax())
            row = int(np.searchsorted(self.bounds, place, side="right")) - 1
            raise RecordIOError(f"{self.title} holds {self.values[place]}, which is no 32-bit integer", row)


class TextColumn:
    """Uids or metadata, one string a row."""

    def __init__(self, tag: bytes, title: str, texts: Sequence[str]) -> None:
        self.title = title
        self._tag = tag
        self._texts = [text.encode() for text in texts]
        self.rows = len(self._texts)
        self.nbytes = sum(map(len, self._texts))

    def segments(self, rows: slice) -> list[Segment]:
        texts = self._texts[rows]
        lengths = np.array([len(text) for text in texts], np.int64)
        return field(self._tag, Segment(lengths, np.frombuffer(b"".join(texts), np.uint8)))


def _kind(dtype: np.dtype[Any], title: str) -> Kind:
    if dtype.kind in "iu":
        return INT32
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return FLOAT32 if dtype.itemsize == 4 else FLOAT64
    raise ValueError(f"{title}: expected float32, float64 or integers, got {dtype}")


def _packed(values: NDArray[Any], bounds: Ints, dtype: np.dtype[Any]) -> Segment:
    """The values as protobuf packs them: floats as they are, integers as varints of their 64-bit two's complement."""
    if dtype.kind == "f":
        return Segment(np.diff(bounds) * dtype.itemsize, np.ascontiguousarray(values, dtype).view(np.uint8))
    data, sizes = encode_varints(values.astype(np.int64, copy=False))
    return Segment(np.diff(np.concatenate(([0], np.cumsum(sizes)))[bounds]), data)

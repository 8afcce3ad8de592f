"""What all records of a stream have in common: the names, kinds and widths of their features and labels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from recordio.wire import varint


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of tensor: its field in `Value`, that field's tag, and its values in numpy."""

    name: str
    field: str
    tag: bytes
    dtype: np.dtype[Any]


FLOAT32 = Kind("Float32", "float32_tensor", b"\x12", np.dtype("<f4"))
FLOAT64 = Kind("Float64", "float64_tensor", b"\x1a", np.dtype("<f8"))
INT32 = Kind("Int32", "int32_tensor", b"\x3a", np.dtype("<i4"))
KINDS = {kind.field: kind for kind in (FLOAT32, FLOAT64, INT32)}

FEATURES_TAG, LABEL_TAG, UID_TAG, METADATA_TAG, CONFIGURATION_TAG = b"\x0a", b"\x12", b"\x1a", b"\x22", b"\x2a"
MAP_KEY_TAG, MAP_VALUE_TAG = b"\x0a", b"\x12"
VALUES_TAG, KEYS_TAG, SHAPE_TAG = b"\x0a", b"\x12", b"\x1a"

#: As many as numpy has; a longer shape is rubbish, and its product would be a number of any length.
_MAX_DIMENSIONS = 64


def title(tag: bytes, name: str) -> str:
    """What messages call a column."""
    return f"{'feature' if tag == FEATURES_TAG else 'label'} {name!r}"


def map_key(name: str) -> bytes:
    """The key of a map's entry, as a field."""
    content = name.encode()
    return MAP_KEY_TAG + varint(len(content)) + content


class LayoutError(ValueError):
    """A record that cannot be a row of an array, or not of the same one as the stream's first record."""


@dataclass(frozen=True, slots=True)
class Column:
    """One named feature or label.

    Attributes
    ----------
    tag
        Tag of the map in `Record` that it is in.
    width
        Values of a row, those that a sparse one leaves out included.
    shape
        The tensor's shape as it is written, empty if it has none.
    """

    tag: bytes
    name: str
    kind: Kind
    width: int
    sparse: bool
    shape: tuple[int, ...]

    @property
    def title(self) -> str:
        return title(self.tag, self.name)

    @classmethod
    def of(cls, tag: bytes, name: str, value: Any) -> Column:
        called = title(tag, name)
        kind = KINDS.get(value.WhichOneof("value"))
        if kind is None:
            holds = "bytes" if value.HasField("bytes") else "no tensor"
            raise LayoutError(f"{called} holds {holds}; expected a Float32, Float64 or Int32 tensor")
        tensor = getattr(value, kind.field)
        if len(tensor.shape) > _MAX_DIMENSIONS:
            raise LayoutError(f"{called} has {len(tensor.shape)} dimensions; expected at most {_MAX_DIMENSIONS}")
        shape = tuple(tensor.shape)
        size = math.prod(shape)
        sparse = bool(tensor.keys) or (bool(shape) and not tensor.values and size > 0)
        if sparse and not shape:
            raise LayoutError(f"{called} is sparse and has no shape")
        if size > np.iinfo(np.int64).max:
            raise LayoutError(f"{called} has the shape {shape}, which is more than an array can have")
        if shape and not sparse and size != len(tensor.values):
            raise LayoutError(f"{called} holds {len(tensor.values)} values, which do not fill its shape {shape}")
        if sparse and tag == LABEL_TAG:
            raise LayoutError(f"{called} is sparse; expected a dense label")
        width = size if shape else len(tensor.values)
        if width == 0:
            raise LayoutError(f"{called} is empty")
        return cls(tag, name, kind, width, sparse, shape)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a stream: features, then labels, each sorted by the bytes of their names."""

    columns: tuple[Column, ...]

    @property
    def least(self) -> int:
        """Bytes that no record of this layout has fewer of: each column's name, three tags and three lengths."""
        return sum(len(column.name.encode()) + 6 for column in self.columns)

    @classmethod
    def of(cls, message: Any) -> Layout:
        """The layout of one record.

        Raises
        ------
        LayoutError
            The record holds something that is not a row of numbers.
        """
        columns = tuple(_columns(message))
        if not columns:
            raise LayoutError("the record has neither features nor labels")
        return cls(columns)

    def difference(self, message: Any) -> str:
        """In which way a record's layout is not this one.

        Raises
        ------
        LayoutError
            As `of`.
        """
        mine = {column.title: column for column in self.columns}
        theirs = {column.title: column for column in Layout.of(message).columns}
        for title, column in mine.items():
            if title not in theirs:
                return f"no {title}, which the first record has"
            if difference := _difference(column, theirs[title]):
                return f"{title} {difference}"
        return f"{', '.join(title for title in theirs if title not in mine)}, which the first record does not have"


def _columns(message: Any) -> Iterator[Column]:
    for tag, entries in ((FEATURES_TAG, message.features), (LABEL_TAG, message.label)):
        for name in sorted(entries, key=str.encode):
            yield Column.of(tag, name, entries[name])


def _difference(mine: Column, theirs: Column) -> str:
    if theirs.kind is not mine.kind:
        return f"holds {theirs.kind.name}, the first record's {mine.kind.name}"
    if theirs.sparse != mine.sparse:
        return "is sparse, the first record's dense" if theirs.sparse else "is dense, the first record's sparse"
    if theirs.shape != mine.shape:
        return f"has the shape {theirs.shape}, the first record's {mine.shape}"
    if theirs.width != mine.width:
        return f"holds {theirs.width} values, the first record's {mine.width}"
    return ""

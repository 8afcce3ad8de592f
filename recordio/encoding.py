"""Arrays to frames: all records of a block at once, byte for byte what the SageMaker SDK's writer makes of them.

A record is a sequence of segments: tags, lengths, values, padding. Each is laid out for all records of a block, and the
lengths of nested fields are sums over the segments inside them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from recordio import layout as fields
from recordio.columns import NumberColumn, TextColumn
from recordio.errors import RecordIOError
from recordio.framing import BLOCK, MAGIC, MAX_LENGTH, Writable, write_all
from recordio.wire import Bytes, Segment, constant, interleave, total

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    #: A dense array or any scipy sparse one, or several by name.
    Table: TypeAlias = ArrayLike | csr_array | Mapping[str, ArrayLike | csr_array]


def write(
    target: str | os.PathLike[str] | Writable,
    features: Table,
    labels: Table | None = None,
    *,
    uids: Sequence[str] | None = None,
    metadata: Sequence[str] | None = None,
) -> None:
    """Write one record a row. All but the length of a record is checked before the first byte is written.

    Parameters
    ----------
    target
        A path, or a binary stream, which is not closed.
    features
        float32 and float64 stay what they are; integers become Int32. A scipy sparse array is written in CSR order, its
        indices sorted and its duplicates summed, as scipy reads them. A single one is named ``values``; a mapping
        may be empty where there are labels. shape: (rows, width)
    labels
        The same, always dense. shape: (rows,) or (rows, width)
    uids, metadata
        One string a row.

    Raises
    ------
    RecordIOError
        An integer does not fit 32 bits, or features, labels, uids and metadata are not of the same number of rows;
        or a record is longer than the 512 MiB of a frame.
    ValueError
        An array has another type or shape than these.
    """
    columns = _columns(features, labels, uids, metadata)
    if isinstance(target, str | os.PathLike):
        with Path(target).open("wb") as stream:
            _write(stream, columns)
    else:
        _write(target, columns)


def encode(
    features: Table,
    labels: Table | None = None,
    *,
    uids: Sequence[str] | None = None,
    metadata: Sequence[str] | None = None,
) -> bytes:
    """As `write`, into bytes."""
    stream = io.BytesIO()
    write(stream, features, labels, uids=uids, metadata=metadata)
    return stream.getvalue()


def _columns(
    features: Table, labels: Table | None, uids: Sequence[str] | None, metadata: Sequence[str] | None
) -> list[NumberColumn | TextColumn]:
    """The columns in the order in which a record has them, all of one length."""
    columns: list[NumberColumn | TextColumn] = []
    for tag, table in ((fields.FEATURES_TAG, features), (fields.LABEL_TAG, labels)):
        named = table if isinstance(table, Mapping) else {} if table is None else {"values": table}
        columns += [NumberColumn.of(tag, name, named[name]) for name in sorted(named, key=str.encode)]
    if not columns:
        raise ValueError("expected at least one feature or label, got none")
    for tag, title, texts in ((fields.UID_TAG, "uids", uids), (fields.METADATA_TAG, "metadata", metadata)):
        if texts is not None:
            columns.append(TextColumn(tag, title, texts))
    first = columns[0]
    for column in columns:
        if column.rows != first.rows:
            problem = f"{column.title}: {column.rows} rows, but {first.title} has {first.rows}"
            raise RecordIOError(problem, min(column.rows, first.rows))
    return columns


def _write(stream: Writable, columns: Sequence[NumberColumn | TextColumn]) -> None:
    count = columns[0].rows
    step = max(1, count * BLOCK // max(1, sum(column.nbytes for column in columns)))
    for begin in range(0, count, step):
        rows = slice(begin, min(begin + step, count))
        record = [segment for column in columns for segment in column.segments(rows)]
        write_all(stream, _framed(record, begin).data)


def _framed(record: list[Segment], first: int) -> Bytes:
    """Frames around records that are given as segments; `first` is the number of the first of them."""
    lengths = total(record)
    if (lengths > MAX_LENGTH).any():
        row = int((lengths > MAX_LENGTH).argmax())
        raise RecordIOError(f"a frame holds at most {MAX_LENGTH} bytes, got {lengths[row]}", first + row)
    magic = constant(MAGIC, np.ones(len(lengths), np.bool_))
    size = Segment(np.full(len(lengths), 4), lengths.astype("<u4").view(np.uint8))
    padding = -lengths % 4
    return interleave([magic, size, *record, Segment(padding, np.zeros(int(padding.sum()), np.uint8))])

"""Parquet: the first columns are the labels, the others the features."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from containers.batch import Batch
from containers.content.layout import Layout, plural
from containers.errors import UserError


def read(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    """Decode a file in batches of `layout.rows`, one row group in memory at a time.

    A Parquet file is read from its end, so what comes through a pipe is copied to a temporary file first.

    Raises
    ------
    UserError
        Not Parquet, a column that is not numeric, another width, a missing or infinite value; names `source`, the row, from 0,
        and the column.
    """
    if stream.seekable():
        yield from _batches(stream, source, layout)
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, 1 << 20)
        copy.seek(0)
        yield from _batches(copy, source, layout)


def _batches(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    start = 0
    try:
        with pq.ParquetFile(stream) as file:
            _check_columns(file.schema_arrow, source, layout)
            for batch in file.iter_batches(layout.rows):
                yield _batch(batch, start, source, layout)
                start += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{source}: not readable as Parquet: {error}") from error


def _check_columns(schema: pa.Schema, source: str, layout: Layout) -> None:
    for column in schema:
        kind = column.type
        if not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind)
        ):
            raise UserError(f"{source}, column {column.name!r}: expected numbers, got {kind}")
    if len(schema) <= layout.labels:
        raise UserError(f"{source}: expected {layout.columns}, got {plural(len(schema), 'column')}")
    layout.check_width(source, len(schema) - layout.labels)


def _batch(batch: pa.RecordBatch, start: int, source: str, layout: Layout) -> Batch:
    table = np.empty((len(batch), batch.num_columns), np.float32)
    for index, column in enumerate(batch.columns):
        table[:, index] = column.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False)
    labels, features = table[:, : layout.labels], table[:, layout.labels :]
    for values, first, expected, unfit in (
        (labels, 0, layout.label, layout.unfit_label(labels)),
        (features, layout.labels, layout.value, layout.unfit(features)),
    ):
        if unfit is not None:
            row, column = divmod(unfit, values.shape[1])
            value, name = batch.column(first + column)[row].as_py(), batch.schema.names[first + column]
            raise UserError(f"{source}, row {start + row}, column {name!r}: expected {expected}, got {value}")
    if not layout.labels:
        return Batch(features)
    return Batch(features, labels[:, 0] if layout.labels == 1 else labels)

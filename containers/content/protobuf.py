"""RecordIO-protobuf: one record a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

import recordio
from containers.batch import Batch
from containers.content.layout import Layout, plural
from containers.errors import UserError
from containers.media import RECORDIO


def read(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    """Decode a stream in batches of `layout.rows`; sparse records stay sparse, every tensor type becomes float32.

    Raises
    ------
    UserError
        A damaged stream, records without the feature tensor ``values`` or without a label that is wanted, another width, or a
        value that is not finite; names `source` and the record, from 0.
    """
    start = 0
    try:
        for records in recordio.read_batches(stream, layout.rows):
            yield _batch(records, start, source, layout)
            start += len(records)
    except recordio.RecordIOError as error:
        hint = "" if error.offset else f"; are the data {RECORDIO}, the content type that is given or assumed?"
        raise UserError(f"{source}: {error}{hint}") from error


def _batch(records: recordio.RecordBatch, start: int, source: str, layout: Layout) -> Batch:
    where = f"{source}, from record {start}"
    if set(records.features) != {"values"}:
        found = ", ".join(map(repr, sorted(records.features))) or "none"
        raise UserError(f"{where}: expected one feature tensor named 'values', got {found}")
    with np.errstate(over="ignore"):
        features = records.features["values"].astype(np.float32, copy=False)
    layout.check_width(where, features.shape[1])
    _check_finite(features, start, source, layout)
    if not layout.labels:
        return Batch(features, uids=records.uids)
    if "values" not in records.labels:
        raise UserError(f"{where}: expected {plural(layout.labels, 'label')} named 'values', got none")
    with np.errstate(over="ignore"):
        labels = np.asarray(records.labels["values"]).astype(np.float32, copy=False)
    width = 1 if labels.ndim == 1 else labels.shape[1]
    if width != layout.labels:
        raise UserError(f"{where}: expected {plural(layout.labels, 'label')} a record, got {width}")
    if (unfit := layout.unfit_label(labels)) is not None:
        raise UserError(f"{source}, record {start + unfit // width}: expected {layout.label}, got {labels.flat[unfit]}")
    return Batch(features, labels.reshape(-1) if width == 1 else labels)


def _check_finite(features: Any, start: int, source: str, layout: Layout) -> None:
    sparse = not isinstance(features, np.ndarray)
    values = features.data if sparse else features.reshape(-1)
    if (unfit := layout.unfit(values)) is None:
        return
    if sparse:
        row, column = int(np.searchsorted(features.indptr, unfit, side="right")) - 1, features.indices[unfit]
    else:
        row, column = divmod(unfit, features.shape[1])
    raise UserError(f"{source}, record {start + row}, feature {column}: expected {layout.value}, got {values[unfit]}")

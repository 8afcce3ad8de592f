"""Predictions as JSON, JSON Lines, CSV and RecordIO-protobuf.

In text float32 values are written with the fewest digits that read back as the same float32, and NaN as ``null``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from containers.batch import Predictions


def encode_json(predictions: Predictions) -> bytes:
    """``{"predictions": [{"score": 0.4, "predicted_label": 0}, ...]}``"""
    return orjson.dumps({"predictions": list(_rows(predictions))}, option=orjson.OPT_SERIALIZE_NUMPY)


def encode_jsonlines(predictions: Predictions) -> bytes:
    """``{"score": 0.4, "predicted_label": 0}``, one row a line, each line ended."""
    rows = orjson.dumps(list(_rows(predictions)), option=orjson.OPT_SERIALIZE_NUMPY)[1:-1]
    # One call for all rows is several times faster than one for each. Values are numbers or lists of numbers, without braces
    # or strings, so that this sequence is found between two rows and nowhere else.
    return rows.replace(b"},{", b"}\n{") + b"\n" if rows else b""


def encode_csv(predictions: Predictions) -> bytes:
    """The columns side by side without a header, one row a line, each line ended."""
    columns = [column if column.ndim == 2 else column[:, None] for column in map(np.asarray, predictions.columns.values())]
    blocks = [orjson.dumps(np.ascontiguousarray(column), option=orjson.OPT_SERIALIZE_NUMPY)[2:-2] for column in columns]
    lines = zip(*(block.split(b"],[") for block in blocks), strict=True)
    return b"".join(b",".join(line) + b"\n" for line in lines)


def encode_recordio(predictions: Predictions) -> bytes:
    """One record a row, every column a float32 tensor in the label map, as AWS answers; uids are echoed."""
    import recordio  # and with it protobuf, which other requests do not need

    labels = {name: np.asarray(column, np.float32) for name, column in predictions.columns.items()}
    return recordio.encode({}, labels, uids=predictions.uids)


def _rows(predictions: Predictions) -> Iterator[dict[str, Any]]:
    names = tuple(predictions.columns)
    columns = map(np.ascontiguousarray, predictions.columns.values())  # orjson writes no other arrays
    return (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))

"""Requests as matrices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from algorithms.xgboost.framework import decode
from containers.media import CSV, LIBSVM, RECORDIO

if TYPE_CHECKING:
    from xgboost import DMatrix

__all__ = ["csv_to_dmatrix", "decode", "json_to_jsonlines", "libsvm_to_dmatrix", "recordio_protobuf_to_dmatrix"]


def csv_to_dmatrix(input: str | bytes, dtype: Any = None) -> DMatrix:
    """CSV without labels; an empty field is missing. Values are float32 whatever `dtype` says, as xgboost keeps them."""
    return decode(input, CSV)


def libsvm_to_dmatrix(string_like: str | bytes) -> DMatrix:
    """libsvm text, labels or none; indices count from 0, as in training, and what a row leaves out is missing."""
    return decode(string_like, LIBSVM)


def recordio_protobuf_to_dmatrix(string_like: bytes) -> DMatrix:
    """RecordIO-protobuf."""
    return decode(string_like, RECORDIO)


def json_to_jsonlines(json_data: Any) -> bytes:
    """The list in a JSON object of one member, an item a line."""
    value = json_data if isinstance(json_data, dict) else json.loads(json_data)
    if len(value) != 1:
        raise ValueError(f"expected a JSON object of one member, got {len(value)}")
    return b"".join(json.dumps(item).encode() + b"\n" for items in value.values() for item in items)

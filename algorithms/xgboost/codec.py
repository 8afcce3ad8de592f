"""Requests and responses of a served model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

import numpy as np
import orjson
from numpy.typing import NDArray

from containers.batch import Batch, Predictions
from containers.content.layout import DELIMITERS
from containers.content.tabular import TabularCodec
from containers.errors import UserError
from containers.media import CSV, JSON, JSONLINES, LIBSVM, PARQUET, RECORDIO, MediaType

ACCEPTS = (LIBSVM, CSV, RECORDIO, PARQUET)
RETURNS = (CSV, JSON, JSONLINES, RECORDIO)

#: The parameter of a content type that asks for what each feature contributes: ``text/csv; pred_contribs=true``.
CONTRIBUTIONS = "pred_contribs"
SWITCH = {"true": True, "1": True, "false": False, "0": False}


class Explained(Batch):
    """Rows that are to be explained by the contributions of their features, instead of scored."""

    __slots__ = ()


class XGBoostCodec(TabularCodec):
    """Rows in, with values that may be missing; scores, selected outputs or contributions out.

    In libsvm text indices count from 0, as in training, and a row is as wide as the model whatever it holds. What a libsvm row
    leaves out is missing, and so is an empty field of CSV.

    Parameters
    ----------
    features
        Width of the model.
    accept
        What answers a request that accepts anything.
    nested
        Whether lists stand quoted in one field of a CSV answer, as AWS writes selected outputs: ``1,"[0.4, 0.6]"``.
    """

    def __init__(self, features: int, *, accept: str = CSV, nested: bool = False) -> None:
        returns = (accept, *(name for name in RETURNS if name != accept))
        super().__init__(features, accepts=ACCEPTS, returns=returns, missing=True, delimiters=DELIMITERS)
        self._nested = nested

    def decode(self, body: bytes, content_type: MediaType) -> Batch:
        """The rows of a request, `Explained` where the content type says ``pred_contribs=true``; raises as `TabularCodec`."""
        batch = super().decode(body, content_type)
        asked = content_type.parameters.get(CONTRIBUTIONS, "false")
        if asked.lower() not in SWITCH:
            raise UserError(f"content type: {CONTRIBUTIONS}: expected true or false, got {asked!r}")
        return Explained(*(getattr(batch, field.name) for field in fields(Batch))) if SWITCH[asked.lower()] else batch

    def encode(self, predictions: Predictions, accept: MediaType) -> bytes:
        """The response in one of `returns`; outside JSON the contributions to several outputs stand one after another."""
        if accept.name in (CSV, RECORDIO):
            flat = {
                name: column.reshape(len(column), -1) if column.ndim > 2 else column
                for name, column in predictions.columns.items()
            }
            predictions = Predictions(flat, predictions.uids)
            if self._nested and accept.name == CSV:
                return _nested_csv(list(flat.values()))
        return super().encode(predictions, accept)


def _nested_csv(columns: Sequence[NDArray[np.generic]]) -> bytes:
    return b"".join(b",".join(row) + b"\n" for row in zip(*map(_fields, columns), strict=True))


def _fields(column: NDArray[np.generic]) -> Iterator[bytes]:
    """Each row of a column as one CSV field."""
    for value in column:
        text = orjson.dumps(np.ascontiguousarray(value) if column.ndim == 2 else value, option=orjson.OPT_SERIALIZE_NUMPY)
        yield b'"%s"' % text.replace(b",", b", ") if column.ndim == 2 else text.replace(b"null", b"nan")

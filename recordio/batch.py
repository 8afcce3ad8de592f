"""Rows as arrays: what reading returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: shape: (rows, width); float32, float64 or int32
Matrix: TypeAlias = "NDArray[Any] | csr_array"


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Consecutive records of one layout.

    Attributes
    ----------
    features
        Name to dense array or `csr_array` of float32, float64 or int32, names sorted. shape: (rows, width)
    labels
        Name to array. shape: (rows,), or (rows, width) where a record has several values under that name
    uids, metadata
        One string a row, empty where a record has none; None where no record has one.
    """

    features: dict[str, Matrix] = field(default_factory=dict)
    labels: dict[str, NDArray[Any]] = field(default_factory=dict)
    uids: list[str] | None = None
    metadata: list[str] | None = None

    def __len__(self) -> int:
        for column in (*self.features.values(), *self.labels.values()):
            return int(column.shape[0])
        return 0

    @property
    def values(self) -> Matrix:
        """The feature called ``values``, which is the name of a single one. Raises `ValueError` if there is none."""
        if "values" not in self.features:
            raise ValueError(f"the records have no feature 'values'; theirs: {', '.join(map(repr, self.features)) or 'none'}")
        return self.features["values"]

    @property
    def label(self) -> NDArray[Any] | None:
        """The label called ``values``, or None."""
        return self.labels.get("values")


def concatenate(batches: Sequence[RecordBatch]) -> RecordBatch:
    """Batches of one layout as one; an empty one for none."""
    if not batches:
        return RecordBatch()
    if len(batches) == 1:
        return batches[0]
    first = batches[0]
    return RecordBatch(
        {name: _stack([batch.features[name] for batch in batches]) for name in first.features},
        {name: np.concatenate([batch.labels[name] for batch in batches]) for name in first.labels},
        _strings([batch.uids for batch in batches], batches),
        _strings([batch.metadata for batch in batches], batches),
    )


def _stack(parts: list[Matrix]) -> Matrix:
    if all(isinstance(part, np.ndarray) for part in parts):
        return np.concatenate(parts)
    from scipy.sparse import vstack

    return vstack(parts, format="csr")


def _strings(parts: list[list[str] | None], batches: Sequence[RecordBatch]) -> list[str] | None:
    if all(part is None for part in parts):
        return None
    filled = [[""] * len(batch) if part is None else part for part, batch in zip(parts, batches, strict=True)]
    return [text for part in filled for text in part]

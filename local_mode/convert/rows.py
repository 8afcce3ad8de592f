"""Pieces of a table, and their numbers as the algorithms compute with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from containers.batch import Batch
from containers.errors import UserError

#: Rows of a batch.
ROWS = 4096
#: Values of a dense batch, so that wide rows come in smaller pieces: 64 MiB.
VALUES = 1 << 24


def pieces(count: int, width: int = 1) -> Iterator[tuple[int, int]]:
    """First row and row after the last of each piece of a table."""
    step = max(1, min(ROWS, VALUES // max(1, width)))
    return ((start, min(start + step, count)) for start in range(0, count, step))


def float32(values: NDArray[Any], where: str, *, missing: bool) -> NDArray[np.float32]:
    """Numbers as float32.

    Raises
    ------
    UserError
        One is infinite, or beyond float32; or NaN, unless some may be `missing`. The message says `where`.
    """
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    wrong = np.isinf(found) if missing else ~np.isfinite(found)
    if wrong.any():
        raise UserError(f"{where}: expected finite float32 numbers, got {values.reshape(-1)[wrong.reshape(-1).argmax()]}")
    return found


def dense(batch: Batch) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32] | None]]:
    """A batch as dense features, shape: (rows, features), and labels; a sparse one in pieces, as its rows may be wide."""
    if isinstance(batch.features, np.ndarray):
        yield batch.features, batch.labels
        return
    for start, stop in pieces(*batch.features.shape):
        yield batch.features[start:stop].toarray(), None if batch.labels is None else batch.labels[start:stop]


def labels_first(features: NDArray[np.float32], labels: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """One table, shape: (rows, labels + features)."""
    if labels is None:
        return features
    return np.hstack([labels.reshape(len(features), -1), features])

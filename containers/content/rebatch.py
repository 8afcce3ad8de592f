"""Batches of any size in, batches of one size out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from containers.batch import Batch


def rebatch(batches: Iterable[Batch], rows: int) -> Iterator[Batch]:
    """Cut and join batches so that each holds exactly `rows` rows, the last one excepted. Empty batches vanish."""
    pending: list[Batch] = []
    held = 0
    for batch in batches:
        start = 0
        while held + len(batch) - start >= rows:
            stop = start + rows - held
            yield join([*pending, cut(batch, start, stop)])
            pending, held, start = [], 0, stop
        if start < len(batch):
            pending.append(cut(batch, start, len(batch)))
            held += len(batch) - start
    if pending:
        yield join(pending)


def cut(batch: Batch, start: int, stop: int) -> Batch:
    """Rows `start` to `stop` of a batch; dense ones share its memory."""
    if start == 0 and stop == len(batch):
        return batch
    beside: list[Any] = [batch.labels, batch.weights, batch.uids, batch.queries]
    return Batch(batch.features[start:stop], *(column if column is None else column[start:stop] for column in beside))


def join(batches: Sequence[Batch]) -> Batch:
    """One contiguous batch of several; sparse if any of them is, and as wide as the widest."""
    if len(batches) == 1:
        (only,) = batches
        if only.is_sparse:
            return only
        labels = None if only.labels is None else np.ascontiguousarray(only.labels)
        weights = None if only.weights is None else np.ascontiguousarray(only.weights)
        return Batch(np.ascontiguousarray(only.features), labels, weights, only.uids, only.queries)
    if any(batch.is_sparse for batch in batches):
        from scipy.sparse import csr_array, vstack

        width = max(batch.features.shape[1] for batch in batches)
        parts = [csr_array(batch.features) for batch in batches]
        for part in parts:
            part.resize(part.shape[0], width)
        features = csr_array(vstack(parts, format="csr"))
    else:
        features = np.concatenate([batch.features for batch in batches])
    uids = [uid for batch in batches for uid in batch.uids or ()]
    labels, weights, queries = (
        _column([getattr(batch, name) for batch in batches]) for name in ("labels", "weights", "queries")
    )
    return Batch(features, labels, weights, uids or None, queries)


def _column(parts: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    present = [part for part in parts if part is not None]
    return np.concatenate(present) if present else None

"""Decoded rows, kept so that they can be gone through as often as xgboost likes: in memory, and beyond a limit on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from algorithms.training.table import size
from containers.batch import Batch
from containers.content.rebatch import join

#: Bytes of a chunk, at least: the longer it is, the less often xgboost has to be called.
CHUNK = 32 << 20


class Rows:
    """Rows of one channel on this host.

    Parameters
    ----------
    directory
        Where rows go that are beyond `budget` bytes; made only then.

    Attributes
    ----------
    count, features, held
        Rows, the widest row's features, and bytes of all.
    sparse, weighted
        Whether rows are sparse, and whether any of them has a weight other than 1.
    """

    def __init__(self, directory: Path, budget: int) -> None:
        self.count = self.features = self.held = 0
        self.sparse = self.weighted = False
        self._directory, self._budget = directory, budget
        self._kept: list[Batch] = []
        self._files: list[Path] = []

    def fill(self, batches: Iterable[Batch]) -> Rows:
        """Take rows, in larger chunks than they come in."""
        pending: list[Batch] = []
        waiting = 0
        for batch in batches:
            self.count += len(batch)
            self.features = max(self.features, batch.features.shape[1])
            self.sparse |= batch.is_sparse
            self.weighted |= batch.weights is not None and bool((batch.weights != 1).any())
            pending.append(batch)
            waiting += size(batch)
            if waiting >= CHUNK:
                self._keep(join(pending))
                pending, waiting = [], 0
        if pending:
            self._keep(join(pending))
        return self

    def chunks(self, features: int) -> Iterator[Batch]:
        """All rows, `features` wide, in the order in which they came; at least one chunk, though it may have no rows."""
        if not self.count:
            yield Batch(np.zeros((0, features), np.float32), np.zeros(0, np.float32))
        for chunk in chain(self._kept, map(_load, self._files)):
            if chunk.is_sparse:
                chunk.features.resize(len(chunk), features)
            yield chunk if self.weighted else replace(chunk, weights=None)

    def clear(self) -> None:
        """Let go of all rows."""
        self._kept.clear()
        for file in self._files:
            file.unlink()
        self._files.clear()

    def _keep(self, chunk: Batch) -> None:
        self.held += size(chunk)
        if self.held <= self._budget:
            self._kept.append(chunk)
            return
        self._directory.mkdir(exist_ok=True)
        self._files.append(self._directory / f"{len(self._files)}.npz")
        _save(self._files[-1], chunk)


def _save(file: Path, chunk: Batch) -> None:
    x = chunk.features
    arrays: dict[str, Any] = {"labels": chunk.labels, "weights": chunk.weights, "queries": chunk.queries}
    arrays |= {"data": x.data, "indices": x.indices, "indptr": x.indptr, "shape": x.shape} if chunk.is_sparse else {"x": x}
    np.savez(file, allow_pickle=False, **{name: array for name, array in arrays.items() if array is not None})


def _load(file: Path) -> Batch:
    with np.load(file, allow_pickle=False) as stored:
        arrays = dict(stored)
    if "x" in arrays:
        features = arrays["x"]
    else:
        from scipy.sparse import csr_array

        features = csr_array((arrays["data"], arrays["indices"], arrays["indptr"]), shape=tuple(arrays["shape"]))
    return Batch(features, arrays.get("labels"), arrays.get("weights"), queries=arrays.get("queries"))

"""What the training loop takes at a time: groups of steps over rows in memory, or block by block from a stream."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.data import SparseBlock
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.scaler import Scaler
from algorithms.training.cluster import Cluster
from algorithms.training.table import Table, prefetch
from algorithms.training.tensorflow import import_tensorflow
from containers.batch import Batch
from containers.content.rebatch import cut
from containers.stop import Stopped

#: Steps in one compiled call. After each call the loop looks whether it has to stop.
STEPS = 64
#: Rows scored at once, and scores held at once.
SCORED_ROWS, SCORES = 8192, 1 << 25


class Group(Protocol):
    """One compiled call's worth of training."""

    @property
    def steps(self) -> int: ...

    def train(self, network: Network, steps: int, epoch: int) -> tuple[Any, Any]:
        """Take `steps` steps, those beyond the group's own without rows. Returns what `Network.train_dense` does."""


@dataclass(frozen=True, slots=True)
class DenseGroup:
    """Mini-batches of `size` rows starting at `starts`."""

    x: Any  # shape: (rows, features)
    y: Any  # shape: (rows,)
    starts: NDArray[np.int32]
    size: int

    @property
    def steps(self) -> int:
        return len(self.starts)

    def train(self, network: Network, steps: int, epoch: int) -> tuple[Any, Any]:
        starts = np.pad(self.starts, (0, steps - len(self.starts)), constant_values=self.y.shape[0])
        constant = network.tf.constant
        return network.train_dense(self.x, self.y, constant(starts), constant(self.size), constant(float(epoch)))


@dataclass(frozen=True, slots=True)
class SparseGroup:
    """One mini-batch."""

    block: SparseBlock
    steps: int = 1

    def train(self, network: Network, steps: int, epoch: int) -> tuple[Any, Any]:
        b, constant = self.block, network.tf.constant
        rows = constant(b.indices), constant(b.values), constant(b.columns), constant(b.labels)
        return network.train_sparse(*rows, constant(float(epoch)))


class TrainingRows:
    """The normalised training data, shuffled.

    A table that is complete is shuffled once as a whole and taken as a ring, so that every mini-batch is full; each epoch
    begins elsewhere on it and takes the mini-batches in another order. One that is streamed is shuffled within each block.

    Parameters
    ----------
    sparse
        Whether rows are handled as sparse ones, whatever the table holds.
    """

    def __init__(self, table: Table, scaler: Scaler, *, sparse: bool, mini_batch: int, seed: int = 0) -> None:
        self.tf = import_tensorflow()
        self.table, self.scaler, self.sparse = table, scaler, sparse
        self.mini_batch, self.seed = mini_batch, seed
        if table.complete:
            self.rows = sum(map(len, table.head))
            self.mini_batch = min(mini_batch, self.rows)  # where another host has more rows, it may be larger
            self.x, self.y = self._tensors(*self._prepare(table.head, np.random.default_rng(seed), ring=self.mini_batch))

    def groups(self, epoch: int) -> Generator[Group]:
        """The groups of one epoch."""
        rng = np.random.default_rng((self.seed, epoch))
        if self.table.complete:
            # As many mini-batches as cover the ring, to the nearest; where they overlap or leave a gap changes with the offset.
            count = max(1, round(self.rows / self.mini_batch))
            starts = (rng.integers(self.rows) + np.arange(count) * self.mini_batch) % self.rows
            yield from self._groups(self.x, self.y, rng.permutation(starts))
        else:
            with closing(prefetch(self._shuffled_blocks(rng))) as blocks:
                for x, y, starts in blocks:
                    yield from self._groups(*self._tensors(x, y), starts)

    def nothing(self, features: int) -> Group:
        """A group without rows."""
        if self.sparse:
            return SparseGroup(SparseBlock.empty())
        return DenseGroup(self.tf.zeros((0, features)), self.tf.zeros(0), np.zeros(0, np.int32), self.mini_batch)

    def sample(self, limit: int, scores: int) -> Blocks:
        """Up to `limit` normalised rows to judge models by, each of which has `scores`. Call it before the first epoch."""
        if self.table.complete:
            limit = min(limit, self.rows)
            return Blocks(self.x, np.asarray(self.y[:limit]), scores)
        kept = [cut(batch, 0, min(len(batch), limit)) for batch in self.table.head]
        x, y = self._prepare(kept, np.random.default_rng(self.seed))
        return Blocks(x, y[:limit], scores)

    def _shuffled_blocks(self, rng: np.random.Generator) -> Iterator[tuple[Any, NDArray[np.float32], NDArray[np.intp]]]:
        """Features, labels and starts of the mini-batches of each block that is streamed.

        All that is drawn is drawn here: shared with the thread that trains, the generator would give other numbers each time.
        """
        for batch in self.table.stream():
            starts = rng.permutation(np.arange(0, len(batch), self.mini_batch, dtype=np.intp))
            yield *self._prepare([batch], rng), starts

    def _prepare(self, batches: list[Batch], rng: np.random.Generator, ring: int = 0) -> tuple[Any, NDArray[np.float32]]:
        x, y = shuffled(batches, self.sparse, rng, ring)
        return self.scaler.features(x), self.scaler.labels(y)

    def _tensors(self, x: Any, y: Any) -> tuple[Any, Any]:
        return (x, y) if self.sparse else (self.tf.constant(x), self.tf.constant(y))

    def _groups(self, x: Any, y: Any, starts: NDArray[np.integer]) -> Iterator[Group]:
        if self.sparse:
            for start in starts:
                piece = slice(start, start + self.mini_batch)
                yield SparseGroup(SparseBlock.of(x[piece], y[piece]))
        else:
            for first in range(0, len(starts), STEPS):
                yield DenseGroup(x, y, starts[first : first + STEPS].astype(np.int32), self.mini_batch)


def shuffled(batches: list[Batch], sparse: bool, rng: np.random.Generator, ring: int = 0) -> tuple[Any, NDArray[np.float32]]:
    """All rows of some batches in random order, and after the last the first `ring` rows again.

    The list is emptied on the way, so that no row is held twice.
    """
    y = np.concatenate([batch.labels for batch in batches])
    order = rng.permutation(len(y))
    order_and_ring = np.append(order, order[:ring])
    if sparse:
        from scipy.sparse import csr_array, vstack

        return vstack([csr_array(batch.features) for batch in batches], format="csr")[order_and_ring], y[order_and_ring]
    x = np.empty((len(y) + ring, batches[0].features.shape[1]), np.float32)
    place, start = np.argsort(order), 0
    while batches:
        rows = batches.pop(0).features
        x[place[start : start + rows.shape[0]]] = rows if isinstance(rows, np.ndarray) else rows.toarray()
        start += rows.shape[0]
    x[len(y) :] = x[:ring]
    return x, y[order_and_ring]


@dataclass(frozen=True, slots=True)
class Block:
    """Normalised rows to be scored: dense or CSR of shape (rows, features), and labels of shape (rows,)."""

    x: Any
    y: NDArray[np.float32]

    def scores(self, network: Network) -> Any:
        """Raw scores of all models, shape: (rows, models, outputs)."""
        if not hasattr(self.x, "indptr"):
            return network.scores_dense(self.x)
        row = np.repeat(np.arange(len(self.y)), np.diff(self.x.indptr))
        indices = np.stack([row, self.x.indices], axis=1).astype(np.int64)
        constant = network.tf.constant
        return network.scores_sparse(constant(indices), constant(self.x.data), constant(len(self.y), network.tf.int64))


@dataclass(frozen=True, slots=True)
class Blocks:
    """Normalised rows, cut as one iterates into blocks small enough for all their scores to be held; a row has `scores`."""

    x: Any
    y: NDArray[np.float32]
    scores: int

    def __iter__(self) -> Iterator[Block]:
        size = max(1, min(SCORED_ROWS, SCORES // self.scores))
        for start in range(0, len(self.y), size):
            stop = min(start + size, len(self.y))  # behind the labels the ring goes on
            yield Block(self.x[start:stop], self.y[start:stop])


def in_step(groups: Iterator[Group], nothing: Group, cluster: Cluster, stop: threading.Event) -> Iterator[tuple[Group, int]]:
    """The groups of this host and the steps to take with each, until all hosts have run out or one of them is told to stop.

    Hosts that run out earlier go on without rows, since every step is a sum over all hosts.
    """
    while True:
        try:
            group = None if stop.is_set() else next(groups, None)
        except Stopped:  # while waiting for data
            group = None
        if cluster.hosts.count == 1:
            if group is None:
                return
            yield group, group.steps
            continue
        steps, stops = cluster.gather(np.array([[group.steps if group else 0, stop.is_set()]], np.int64)).max(axis=0)
        if stops:
            stop.set()
        if stops or not steps:
            return
        yield group or nothing, int(steps)

"""Judging the models: their losses each epoch, their thresholds, and which one is published."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.losses import NUMPY_OPS, Loss, sigmoid
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.rows import Block, Blocks, shuffled
from algorithms.linear_learner.scaler import Scaler
from algorithms.linear_learner.selection import Criterion, calibrate, select
from algorithms.training.cluster import Cluster
from algorithms.training.table import Table
from containers.batch import Batch
from containers.stop import Stopped

#: Rows on which thresholds are tried out after each epoch; AWS's log calls the result `sampled_accuracy` too.
EPOCH_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The model to publish.

    Attributes
    ----------
    ranking
        All models, the best first; shape: (models,)
    """

    model: int
    threshold: float
    ranking: NDArray[np.intp]


class Jury:
    """Rows that models are judged by: those of the validation channel, or else a sample of the training rows.

    Parameters
    ----------
    sample
        Rows kept in memory, in random order.
    calibration
        Of these, the number that thresholds are chosen on, at most.
    rest
        Where the channel holds more than that: opens it once more.
    """

    def __init__(self, network: Network, sample: Iterable[Block], calibration: int, rest: Any = None) -> None:
        self.network, self.sample, self.calibration, self._rest = network, sample, calibration, rest

    def rows(self, *, sampled: bool = False) -> Iterable[Block]:
        """All rows, or those of the sample."""
        return self.sample if sampled or self._rest is None else self._rest()

    def losses(self, *, sampled: bool = False) -> NDArray[np.float64]:
        """Mean loss of each model over all rows of all hosts, or over the sample, in the network's units; shape: (models,).

        Rows count as in training: positives by a model's own weight for them, classes by theirs. nan if no row was seen.
        """
        total = np.zeros((2, self.network.models))  # losses and weights
        try:
            for block in self.rows(sampled=sampled):
                total += self.network.losses(block.scores(self.network), block.y).numpy()
        except Stopped:  # while waiting for data: what was seen has to do
            pass
        losses, weights = self.network.cluster.sum(total)
        return np.divide(losses, weights, out=np.full(len(losses), np.nan), where=weights > 0)

    def calibrated(self, criterion: Criterion, loss: Loss, limit: int = sys.maxsize) -> tuple[NDArray, NDArray]:
        """Threshold of each binary classifier and the criterion's value there, on up to `limit` rows; shapes: (models,)."""
        limit = min(limit, self.calibration)
        scores, labels, rows = [], [], 0
        for block in self.sample:
            scores.append(block.scores(self.network).numpy()[:, :, 0])
            labels.append(block.y)
            rows += len(block.y)
            if rows >= limit:
                break
        published = np.concatenate(scores)[:limit]
        if loss.link == "logistic":
            published = sigmoid(NUMPY_OPS, published)
        truth = np.concatenate(labels)[:limit]
        finite = np.where(np.isfinite(published), published, 0.0)  # a model that diverged is ruled out by its loss
        pairs = [calibrate(finite[:, model], truth, criterion) for model in range(self.network.models)]
        return np.array([threshold for threshold, _ in pairs]), np.array([value for _, value in pairs])

    def verdict(self, criterion: Criterion, loss: Loss, losses: NDArray, binary: bool) -> Verdict:
        """The best model, on the first host's rows."""
        thresholds = np.full(self.network.models, loss.natural_threshold)
        values = -losses
        if binary and criterion.name != "loss_function":
            thresholds, values = self.calibrated(criterion, loss)
        cluster: Cluster = self.network.cluster
        values, thresholds = cluster.broadcast(values), cluster.broadcast(thresholds)
        best = select(values, losses)
        order = np.lexsort((losses, -values))
        ranking = np.concatenate([[best], order[order != best]])
        return Verdict(best, float(thresholds[best]), ranking)


def jury_of(network: Network, table: Table, scaler: Scaler, sparse: bool, calibration: int) -> Jury:
    """The jury of a validation channel, of which as much is in memory as its table holds."""

    def prepared(batches: list[Batch], seed: int = 0) -> tuple[Any, NDArray]:
        x, y = shuffled(batches, sparse, np.random.default_rng(seed))
        return scaler.features(x), scaler.labels(y)

    if table.complete:
        x, y = prepared(table.head)
        return Jury(network, Blocks(x if sparse else network.tf.constant(x), y, network.width), calibration)

    def stream() -> Iterator[Block]:
        for batch in table.stream():
            yield from Blocks(*prepared([batch]), network.width)

    return Jury(network, Blocks(*prepared(list(table.head)), network.width), calibration, stream)

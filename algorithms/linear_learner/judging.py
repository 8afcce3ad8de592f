"""Judging the models: their losses each epoch, their thresholds, and which one is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.losses import NUMPY_OPS, Loss, sigmoid
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.rows import Block, blocks, shuffled
from algorithms.linear_learner.scaler import Scaler
from algorithms.linear_learner.selection import Criterion, calibrate, select
from algorithms.training.cluster import Cluster
from algorithms.training.table import Table
from containers.batch import Batch
from containers.content.rebatch import cut
from containers.stop import Stopped

#: Rows on which thresholds are tried out after each epoch; AWS's log calls the result `sampled_accuracy` too.
EPOCH_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The model to publish.

    Attributes
    ----------
    value
        The criterion, or the loss where that is the criterion.
    ranking
        All models, the best first; shape: (models,)
    """

    model: int
    threshold: float
    value: float
    ranking: NDArray[np.intp]


class Jury:
    """Rows that models are judged by: those of the validation channel, or else a sample of the training rows.

    Parameters
    ----------
    sample
        Rows kept in memory, at most `num_calibration_samples`.
    rest
        Where the channel holds more than that: opens it once more.
    """

    def __init__(self, network: Network, sample: list[Block], rest: Any = None) -> None:
        self.network, self.sample, self._rest = network, sample, rest

    def losses(self, *, sampled: bool = False) -> NDArray[np.float64]:
        """Mean loss of each model over all rows of all hosts, or over the sample, in the network's units; shape: (models,)."""
        total, rows = np.zeros(self.network.models), 0
        try:
            for block in self.sample if sampled or self._rest is None else self._rest():
                total += self.network.losses(block.scores(self.network), block.y).numpy()
                rows += len(block.y)
        except Stopped:  # while waiting for data: what was seen has to do
            pass
        sums = self.network.cluster.sum(np.append(total, rows))
        return sums[:-1] / max(sums[-1], 1.0)

    def calibrated(self, criterion: Criterion, loss: Loss, limit: int | None = None) -> tuple[NDArray, NDArray]:
        """Threshold of each binary classifier and the criterion's value there, on up to `limit` rows; shapes: (models,)."""
        scores, labels, rows = [], [], 0
        for block in self.sample:
            scores.append(block.scores(self.network).numpy()[:, :, 0])
            labels.append(block.y)
            rows += len(block.y)
            if limit is not None and rows >= limit:
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
        return Verdict(best, float(thresholds[best]), float(values[best] if binary else losses[best]), ranking)


def jury_of(network: Network, table: Table, scaler: Scaler, sparse: bool, limit: int) -> Jury:
    """The jury of a validation channel, of which as much is in memory as its table holds."""

    def prepared(batches: list[Batch], seed: int = 0) -> tuple[Any, NDArray]:
        x, y = shuffled(batches, sparse, np.random.default_rng(seed))
        return scaler.features(x), scaler.labels(y)

    if table.complete:
        x, y = prepared(table.head)
        return Jury(network, list(blocks(x if sparse else network.tf.constant(x), y, network.width)))

    def stream() -> Iterator[Block]:
        for batch in table.stream():
            yield from blocks(*prepared([batch]), network.width)

    sample = list(blocks(*prepared([cut(batch, 0, limit) for batch in table.head]), network.width))
    return Jury(network, sample, stream)

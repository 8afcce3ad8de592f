"""What is in the data, without training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from algorithms.xgboost.data import CHANNELS, read
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.training import planned
from containers.batch import Batch
from containers.errors import UserError
from containers.job import TrainingJob

#: Objectives with so few different labels that they are counted, by the beginning of their names.
CLASSIFYING = ("binary:", "multi:", "rank:")
#: Different labels listed one by one.
LISTED = 50


def describe(job: TrainingJob) -> dict[str, Any]:
    """What each channel holds on this host.

    Rows, features, the share of values that are there and not zero, labels (counts of classes, or mean, minimum and maximum),
    weights and queries where there are some.

    Raises
    ------
    UserError
        As in training.
    """
    planned(job)
    hp: XGBoostHyperparameters = job.hyperparameters
    found: dict[str, Any] = {}
    width = None
    for spec in CHANNELS:
        if (channel := job.channel(spec.name)) is not None:
            found[spec.name] = _describe(read(channel, hp, width), hp, spec.name)
            width = None if found[spec.name]["sparse"] else found[spec.name]["features"]
    return found


def _describe(batches: Iterator[Batch], hp: XGBoostHyperparameters, name: str) -> dict[str, Any]:
    rows = stored = features = 0
    sparse = False
    counts: dict[float, int] = {}
    labels, weights = Numbers(), Numbers()
    queries = None
    for batch in batches:
        assert batch.labels is not None  # noqa: S101 as `read` has seen to
        rows, features, sparse = rows + len(batch), max(features, batch.features.shape[1]), sparse or batch.is_sparse
        values = batch.features.data if batch.is_sparse else batch.features
        stored += int(np.count_nonzero(values) - np.isnan(values).sum())
        labels.add(batch.labels)
        if batch.weights is not None:
            weights.add(batch.weights)
        if batch.queries is not None:
            queries = int(batch.queries[-1]) + 1
        if hp.loss.startswith(CLASSIFYING):
            for label, count in zip(*np.unique(batch.labels, return_counts=True), strict=True):
                counts[float(label)] = counts.get(float(label), 0) + int(count)
    if not rows:
        raise UserError(f"channel {name!r} holds no rows")
    found: dict[str, Any] = {"rows": rows, "features": features, "sparse": sparse, "non_zero": stored / max(rows * features, 1)}
    if 0 < len(counts) <= LISTED:
        found["labels"] = {f"{label:g}": counts[label] for label in sorted(counts)}
    else:
        found["label"] = labels.summary()
    if weights.count:
        found["weight"] = weights.summary()
    if queries is not None:
        found["queries"] = queries
    return found


class Numbers:
    """Mean and extremes of numbers that come bit by bit."""

    def __init__(self) -> None:
        self.count, self.total, self.low, self.high = 0, 0.0, np.inf, -np.inf

    def add(self, values: np.ndarray[Any, Any]) -> None:
        self.count += values.size
        self.total += float(values.sum(dtype=np.float64))
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def summary(self) -> dict[str, float]:
        return {"mean": self.total / self.count, "min": self.low, "max": self.high}

"""The metrics that xgboost does not have. All of them come from sums over rows, so several hosts' sums give the exact value.

Rows count by their weights, as in xgboost's own metrics: accuracy is one minus its error. Definitions: scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SumOverHosts = Callable[[NDArray[Any]], NDArray[Any]]


class Scores:
    """Some metrics of the rows of one matrix.

    Parameters
    ----------
    names
        Keys of `OF_CLASSES` and `OF_ERRORS`.
    labels, weights
        This host's, shape: (rows,); weights may be empty, for all equal.
    classes
        How many there are, for a multi-class objective; 2 for a binary one.
    total
        The sum of an array over the hosts.
    """

    def __init__(
        self,
        names: Sequence[str],
        objective: str,
        classes: int,
        labels: NDArray[Any],
        weights: NDArray[Any],
        total: SumOverHosts,
    ) -> None:
        self.names, self._objective, self._classes, self._total = names, objective, classes, total
        self._labels = labels.astype(np.float64)
        self._weights = weights.astype(np.float64) if len(weights) else np.ones(len(labels))
        # What the labels alone say is added up once, and around their mean, where nothing cancels out.
        weight, labelled = total(np.array([self._weights.sum(), self._weighted(self._labels)]))
        self._weight = max(float(weight), np.finfo(float).tiny)
        spread = self._weighted(np.square(self._labels - labelled / self._weight))
        self._spread = float(total(np.array([spread]))[0])
        self._of_classes = [name for name in names if name in OF_CLASSES]
        self._of_errors = [name for name in names if name in OF_ERRORS]
        if self._of_classes:
            self._classes_true = (self._labels if classes > 2 else self._labels > 0.5).astype(np.int64)
            self._true = total(np.bincount(self._classes_true, self._weights, classes))

    def values(self, predictions: NDArray[Any]) -> dict[str, float]:
        """Name to value, from what the booster predicts for this host's rows, shape: (rows,) or (rows, classes)."""
        found: dict[str, float] = {}
        if self._of_classes:
            classes = predicted_classes(predictions, self._objective)
            right = self._weights * (classes == self._classes_true)
            counted = [np.bincount(classes, weights, self._classes) for weights in (right, self._weights)]
            hits, said = self._total(np.stack(counted))
            found |= {name: float(OF_CLASSES[name](hits, said, self._true)) for name in self._of_classes}
        if self._of_errors:
            squares = float(self._total(np.array([self._weighted(np.square(predictions - self._labels))]))[0])
            found |= {name: OF_ERRORS[name](squares, self._weight, self._spread) for name in self._of_errors}
        return {name: found[name] for name in self.names}

    def _weighted(self, values: Vector) -> float:
        # The same as by `@`, without BLAS, whose threads would wait for work beside those of xgboost.
        return float(np.einsum("i,i->", self._weights, values))


def predicted_classes(predictions: NDArray[Any], objective: str) -> NDArray[np.int64]:
    """The class of each row, shape: (rows,), from what a booster of a classifying objective predicts."""
    if predictions.ndim == 2:
        return predictions.argmax(axis=1)
    if objective == "multi:softmax":
        return predictions.astype(np.int64)
    return (predictions > (0.0 if objective == "binary:logitraw" else 0.5)).astype(np.int64)


def _ratio(above: Vector, below: Vector) -> Vector:
    """A share, and 0 where there is nothing to take a share of."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _occur(said: Vector, true: Vector) -> NDArray[np.bool_]:
    """The classes that an average is over: those that some row has or is said to have."""
    return (said > 0) | (true > 0)


def _accuracy(hits: Vector, said: Vector, true: Vector) -> float:
    return float(_ratio(hits.sum(keepdims=True), true.sum(keepdims=True))[0])


def _balanced_accuracy(hits: Vector, said: Vector, true: Vector) -> float:
    return _mean(_ratio(hits, true)[true > 0])


def _precision_macro(hits: Vector, said: Vector, true: Vector) -> float:
    return _mean(_ratio(hits, said)[_occur(said, true)])


def _recall_macro(hits: Vector, said: Vector, true: Vector) -> float:
    return _mean(_ratio(hits, true)[_occur(said, true)])


def _f1_macro(hits: Vector, said: Vector, true: Vector) -> float:
    return _mean(_ratio(2 * hits, said + true)[_occur(said, true)])


def _mean(values: Vector) -> float:
    return float(values.mean()) if len(values) else 0.0


def _r2(squares: float, weight: float, spread: float) -> float:
    if spread == 0:  # all labels are equal
        return float(squares == 0)
    return 1 - squares / spread


#: From the weights of the rows that are right, by class, those that are said to be of a class, and those that are.
OF_CLASSES: dict[str, Callable[[Vector, Vector, Vector], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1_macro,
    "f1_binary": lambda hits, said, true: _ratio(2 * hits, said + true)[1],
    "f1_macro": _f1_macro,
    "precision": lambda hits, said, true: _ratio(hits, said)[1],
    "precision_macro": _precision_macro,
    "precision_micro": _accuracy,  # each row has one class and is said to have one
    "recall": lambda hits, said, true: _ratio(hits, true)[1],
    "recall_macro": _recall_macro,
    "recall_micro": _accuracy,
}

#: From the weighted sum of squared errors, the sum of weights, and the weighted sum of squares of the labels around their mean.
OF_ERRORS: dict[str, Callable[[float, float, float], float]] = {
    "mse": lambda squares, weight, spread: squares / weight,
    "r2": _r2,
}

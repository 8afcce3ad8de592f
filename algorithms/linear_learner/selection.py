"""Choosing the threshold of each binary classifier, and the best of the models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a threshold is chosen by; `name` is one of AWS's ``binary_classifier_model_selection_criteria``."""

    name: str
    beta: float = 1.0
    target_precision: float = 0.8
    target_recall: float = 0.8

    def values(self, tp: NDArray, fp: NDArray, positives: float, negatives: float) -> NDArray[np.float64]:
        """The criterion at cuts with so many true and false positives; higher is better.

        A cut that misses the target is worth less than any that meets it, the less the further it is away.
        """
        recall = tp / max(positives, 1.0)
        precision = np.divide(tp, tp + fp, out=np.zeros(len(tp)), where=tp + fp > 0)
        if self.name == "accuracy":
            return (tp + negatives - fp) / max(positives + negatives, 1.0)
        if self.name == "f_beta":
            return f_beta(precision, recall, self.beta)
        if self.name == "precision_at_target_recall":
            return np.where(recall >= self.target_recall, precision, recall - self.target_recall)
        return np.where(precision >= self.target_precision, recall, precision - self.target_precision)


def f_beta(precision: NDArray, recall: NDArray, beta: float) -> NDArray[np.float64]:
    """F-score, 0 where precision and recall are."""
    below = beta * beta * precision + recall
    return np.divide((1 + beta * beta) * precision * recall, below, out=np.zeros(np.shape(below)), where=below > 0)


def cuts(scores: Scores, labels: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Every way to cut scores in two, from none predicted positive to all.

    Parameters
    ----------
    scores, labels
        shape: (rows,)

    Returns
    -------
    thresholds, true positives, false positives
        shape: (distinct scores + 1,). A score above the threshold is predicted positive. Thresholds lie midway between
        neighbouring scores, in float32: scores are compared as such.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order].astype(np.float64), labels[order] > 0.5
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # of each run of equal scores
    tp = np.append(0, np.cumsum(hits)[last])
    predicted = np.append(0, last + 1)
    levels = ranked[last]
    between = ((levels[:-1] + levels[1:]) / 2).astype(np.float32)
    between = np.where(between < levels[:-1], between, levels[1:])  # between adjacent floats there is no other
    thresholds = np.concatenate(
        [[levels[0] + 1e-6 + abs(levels[0]) * 1e-6], between, [levels[-1] - 1e-6 - abs(levels[-1]) * 1e-6]]
    )
    return thresholds, tp, predicted - tp


def roc_auc(scores: Scores, labels: NDArray) -> float:
    """Area under the ROC curve; nan where only one class is there."""
    _, tp, fp = cuts(scores, labels)
    return float(np.trapezoid(tp, fp) / (tp[-1] * fp[-1])) if tp[-1] and fp[-1] else float("nan")


def calibrate(scores: Scores, labels: NDArray, criterion: Criterion) -> tuple[float, float]:
    """The threshold that serves the criterion best, and its value. Of equally good ones, the middle one."""
    thresholds, tp, fp = cuts(scores, labels)
    values = criterion.values(tp.astype(np.float64), fp.astype(np.float64), float(tp[-1]), float(fp[-1]))
    best = np.flatnonzero(values >= values.max() - 1e-12)
    middle = best[len(best) // 2]
    return float(thresholds[middle]), float(values[middle])


def select(values: NDArray, losses: NDArray) -> int:
    """Index of the model with the highest value; of equal ones, that with the smallest loss. nan never wins."""
    usable = np.where(np.isfinite(losses), losses, np.inf)
    ranked = np.where(np.isfinite(values) & np.isfinite(losses), values, -np.inf)
    return int(np.lexsort((usable, -ranked))[0])

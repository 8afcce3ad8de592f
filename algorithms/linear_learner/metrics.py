"""Metrics of the final model, added up block by block, and how AWS's log lines name them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/linear-learner-tuning.html; line forms as scraped by the service.
"""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.selection import f_beta, roc_auc
from containers.algorithm import MetricSpec

#: Scores kept for the area under the curve and the plots; more rows than that are represented by the first ones.
KEPT_ROWS = 5_000_000


class Metrics(Protocol):
    """Sums over blocks of rows."""

    def add(self, scores: NDArray, labels: NDArray) -> None:
        """Add a block; published scores, shape: (rows,) or (rows, classes)."""

    def sums(self) -> NDArray[np.float64]:
        """All sums in one vector, so that hosts can add theirs."""

    def results(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Metric name, as in `SPECS` without the channel, to value."""


class BinaryMetrics:
    """Accuracy, precision, recall, F-score and area under the ROC curve."""

    def __init__(self, threshold: float, beta: float) -> None:
        self.threshold, self.beta = threshold, beta
        self.counts = np.zeros(4)  # true and false positives, false and true negatives
        self.kept: list[tuple[NDArray, NDArray]] = []
        self.rows = 0

    def add(self, scores: NDArray, labels: NDArray) -> None:
        said, true = scores > self.threshold, labels > 0.5
        self.counts += [(said & true).sum(), (said & ~true).sum(), (~said & true).sum(), (~said & ~true).sum()]
        if self.rows < KEPT_ROWS:
            self.kept.append((scores, labels))
        self.rows += len(labels)

    def curve(self) -> tuple[NDArray, NDArray]:
        """The scores and labels kept."""
        return np.concatenate([s for s, _ in self.kept]), np.concatenate([y for _, y in self.kept])

    def sums(self) -> NDArray[np.float64]:
        # Each host's area, weighted by its rows: exact on replicated data, the mean over the hosts' shards otherwise. A host
        # that has seen one class only has none.
        area = roc_auc(*self.curve())
        return np.append(self.counts, [0.0, 0.0] if np.isnan(area) else [area * self.rows, self.rows])

    def results(self, sums: NDArray[np.float64]) -> dict[str, float]:
        tp, fp, fn, tn, area, ranked = sums
        precision, recall = tp / max(tp + fp, 1.0), tp / max(tp + fn, 1.0)
        return {
            "binary_classification_accuracy": (tp + tn) / (tp + fp + fn + tn),
            "binary_f_beta": float(f_beta(np.array(precision), np.array(recall), self.beta)),
            "precision": precision,
            "recall": recall,
            "roc_auc_score": area / ranked if ranked else float("nan"),
        }


class MulticlassMetrics:
    """Accuracy, top-k accuracy, discounted cumulative gain, and precision, recall and F-score averaged over the classes."""

    def __init__(self, classes: int, top_k: int, beta: float) -> None:
        self.classes, self.top_k, self.beta = classes, top_k, beta
        self.hits, self.said, self.true = (np.zeros(classes) for _ in range(3))
        self.totals = np.zeros(3)  # gain, in the top k, rows
        self.confusion = np.zeros((classes, classes), np.int64) if classes <= 100 else None

    def add(self, scores: NDArray, labels: NDArray) -> None:
        true, said = labels.astype(np.int64), scores.argmax(axis=1)
        own, before = scores[np.arange(len(true)), true][:, None], np.arange(self.classes) < true[:, None]
        rank = ((scores > own) | (before & (scores == own))).sum(axis=1)  # 0: the class that is said; of equals, the first
        self.totals += [(1.0 / np.log2(rank + 2.0)).sum(), (rank < self.top_k).sum(), len(true)]
        self.hits += np.bincount(true[said == true], minlength=self.classes)
        self.said += np.bincount(said, minlength=self.classes)
        self.true += np.bincount(true, minlength=self.classes)
        if self.confusion is not None:
            np.add.at(self.confusion, (true, said), 1)

    def sums(self) -> NDArray[np.float64]:
        return np.concatenate([self.hits, self.said, self.true, self.totals])

    def results(self, sums: NDArray[np.float64]) -> dict[str, float]:
        hits, said, true = sums[:-3].reshape(3, self.classes)
        gain, top, rows = sums[-3:]
        seen = (said > 0) | (true > 0)  # a class that neither occurs nor is predicted has no precision to average
        precision = hits[seen] / np.maximum(said[seen], 1.0)
        recall = hits[seen] / np.maximum(true[seen], 1.0)
        return {
            "multiclass_accuracy": hits.sum() / rows,
            "multiclass_top_k_accuracy": top / rows,
            "dcg": gain / rows,
            "macro_recall": recall.mean(),
            "macro_precision": precision.mean(),
            "macro_f_beta": f_beta(precision, recall, self.beta).mean(),
        }


class RegressionMetrics:
    """Mean squared, root mean squared and mean absolute error."""

    def __init__(self) -> None:
        self.totals = np.zeros(3)
        self.kept: list[tuple[NDArray, NDArray]] = []

    def add(self, scores: NDArray, labels: NDArray) -> None:
        error = scores.astype(np.float64) - labels
        if self.totals[2] < KEPT_ROWS:
            self.kept.append((scores, labels))
        self.totals += [(error * error).sum(), np.abs(error).sum(), len(error)]

    def curve(self) -> tuple[NDArray, NDArray]:
        """The predictions and labels kept."""
        return np.concatenate([s for s, _ in self.kept]), np.concatenate([y for _, y in self.kept])

    def sums(self) -> NDArray[np.float64]:
        return self.totals

    def results(self, sums: NDArray[np.float64]) -> dict[str, float]:
        squares, absolute, rows = sums
        return {"mse": squares / rows, "rmse": (squares / rows) ** 0.5, "absolute_loss": absolute / rows}


def metrics_for(hp: LinearLearnerHyperparameters, threshold: float) -> BinaryMetrics | MulticlassMetrics | RegressionMetrics:
    """Empty metrics for a predictor type."""
    match hp.predictor_type:
        case "binary_classifier":
            return BinaryMetrics(threshold, hp.beta)
        case "multiclass_classifier":
            return MulticlassMetrics(hp.outputs, hp.accuracy_top_k, hp.f_beta)
        case _:
            return RegressionMetrics()


#: Name without the channel to the word in the log line and whether more is better.
FINAL_METRICS: dict[str, tuple[str, str, Literal["Minimize", "Maximize"]]] = {
    "objective_loss": ("{objective} <loss>", r"\S+_objective <loss>", "Minimize"),
    "absolute_loss": ("absolute_loss <loss>", "absolute_loss <loss>", "Minimize"),
    "mse": ("mse <loss>", "mse <loss>", "Minimize"),
    "rmse": ("rmse <loss>", "rmse <loss>", "Minimize"),
    "binary_classification_accuracy": (
        "binary_classification_accuracy <score>", "binary_classification_accuracy <score>", "Maximize",
    ),
    "binary_f_beta": ("binary_f_{beta:.3f} <score>", r"binary_f_\S+ <score>", "Maximize"),
    "precision": ("precision <score>", "precision <score>", "Maximize"),
    "recall": ("recall <score>", "recall <score>", "Maximize"),
    "roc_auc_score": ("roc_auc_score <score>", "roc_auc_score <score>", "Maximize"),
    "dcg": ("dcg <score>", "dcg <score>", "Maximize"),
    "macro_f_beta": ("macro_f_{beta:.3f} <score>", r"macro_f_\S+ <score>", "Maximize"),
    "macro_precision": ("macro_precision <score>", "macro_precision <score>", "Maximize"),
    "macro_recall": ("macro_recall <score>", "macro_recall <score>", "Maximize"),
    "multiclass_accuracy": ("multiclass_accuracy <score>", "multiclass_accuracy <score>", "Maximize"),
    "multiclass_top_k_accuracy": (
        "multiclass_top_k_accuracy_{top_k} <score>", r"multiclass_top_k_accuracy_\S+ <score>", "Maximize",
    ),
}  # fmt: skip


def _specs() -> tuple[MetricSpec, ...]:
    start, host = "#quality_metric: host={host}, ", r"#quality_metric: host=\S+, "
    specs = [
        MetricSpec(
            f"{channel}:objective_loss",
            start + f"epoch={{epoch}}, {channel} {{objective}} <loss>={{value}}",
            host + rf"epoch=\S+, {channel} \S+_objective <loss>=(\S+)",
            "Minimize" if channel == "validation" else None,
            per_epoch=True,
        )
        for channel in ("train", "validation")
    ]
    for channel in ("train", "validation", "test"):
        for name, (line, regex, direction) in FINAL_METRICS.items():
            objective = direction if channel != "train" else None
            specs.append(
                MetricSpec(
                    f"{channel}:{name}", f"{start}{channel} {line}={{value}}", f"{host}{channel} {regex}=(\\S+)", objective
                )
            )
    progress = "#progress_metric: host={host}, completed {value} % of epochs"
    throughput = "#throughput_metric: host={host}, train throughput={value} records/second"
    return (
        *specs,
        MetricSpec("train:progress", progress, r"#progress_metric: host=\S+, completed (\S+) %", per_epoch=True),
        MetricSpec(
            "train:throughput",
            throughput,
            r"#throughput_metric: host=\S+, train throughput=(\S+) records/second",
            per_epoch=True,
        ),
    )


SPECS = _specs()

"""`report.html`: what came out of a training job, to look at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.judging import Verdict
from algorithms.linear_learner.metrics import BinaryMetrics, MulticlassMetrics, RegressionMetrics
from algorithms.linear_learner.model import LinearModel
from algorithms.linear_learner.progress import Progress
from algorithms.linear_learner.scaler import Scaler
from algorithms.linear_learner.selection import cuts
from containers.job import TrainingJob
from containers.reporting import figures
from containers.reporting.report import Report

#: The channels a report looks at, the most telling first.
ORDER = ("test", "validation", "train")
#: Features and classes listed, at most.
LISTED = 20
#: Points of a scatter plot.
POINTS = 1500


def write_report(
    job: TrainingJob,
    model: LinearModel,
    scaler: Scaler,
    progress: Progress,
    verdict: Verdict,
    results: dict[str, dict[str, float]],
    measured: dict[str, Any],
) -> None:
    """Write the page: results, plots of the channel nearest to unseen data, loss per epoch, weights, settings."""
    hp: LinearLearnerHyperparameters = job.hyperparameters
    description = model.description
    page = Report(f"Linear Learner · {job.name}", f"{hp.predictor_type.replace('_', ' ')}, {description.feature_dim} features")
    channels = [name for name in ORDER if name in results]
    page.heading("Results")
    page.table(
        ["metric", *channels],
        [[name, *(results[channel][name] for channel in channels)] for name in results[channels[0]]],
        "Metrics of the published model. objective_loss is the loss it was trained for, every row counting alike.",
    )
    if "validation" not in results:
        page.text("There was no validation channel: the model and its threshold were chosen on training data.")
    seen = channels[0]
    metrics = measured[seen]
    if isinstance(metrics, BinaryMetrics):
        _binary(page, metrics, seen, results[seen])
    elif isinstance(metrics, MulticlassMetrics):
        _multiclass(page, metrics, seen)
    else:
        _regression(page, metrics, seen)
    if progress.epoch:
        _losses(page, progress, verdict, "validation" if "validation" in results else "sample of train")
    _weights(page, model, scaler)
    page.heading("Settings")
    page.table(
        ["hyperparameter", "value"], [[k, str(v)] for k, v in description.selected.items()], "The model that was chosen."
    )
    page.table(
        ["hyperparameter", "value"], [[k, str(v)] for k, v in description.hyperparameters.items()], "As given, or by default."
    )
    page.write(job.output_dir / "report.html")


def _binary(page: Report, metrics: BinaryMetrics, channel: str, results: dict[str, float]) -> None:
    tp, fp, fn, tn = metrics.counts.astype(int)
    page.heading(f"Classification on {channel}")
    page.text(f"A row is class 1 where its score is above the calibrated threshold {metrics.threshold:.6g}.")
    _, hits, misses = cuts(*metrics.curve())
    rates = misses / max(misses[-1], 1), hits / max(hits[-1], 1)
    area = results["roc_auc_score"]
    page.figure(figures.roc_curve({f"area {area:.4f}": rates}), f"ROC curve on {channel}.")
    page.figure(figures.confusion_matrix([[tn, fp], [fn, tp]], ["0", "1"]), f"Confusion matrix on {channel}.")
    _scores_by_class(page, np.array([tn, tp]), np.array([tn + fn, tp + fp]), np.array([tn + fp, tp + fn]), metrics.beta)


def _multiclass(page: Report, metrics: MulticlassMetrics, channel: str) -> None:
    page.heading(f"Classification on {channel}")
    if metrics.confusion is not None:
        names = [str(k) for k in range(metrics.classes)]
        page.figure(figures.confusion_matrix(metrics.confusion, names), f"Confusion matrix on {channel}.")
    _scores_by_class(page, metrics.hits, metrics.said, metrics.true, metrics.beta)


def _scores_by_class(page: Report, hits: NDArray, said: NDArray, true: NDArray, beta: float) -> None:
    rows = []
    for k in np.argsort(-true, kind="stable")[:LISTED]:
        precision, recall = hits[k] / max(said[k], 1), hits[k] / max(true[k], 1)
        below = beta * beta * precision + recall
        rows.append([str(k), precision, recall, (1 + beta * beta) * precision * recall / below if below else 0.0, int(true[k])])
    page.table(["class", "precision", "recall", f"F{beta:g}", "rows"], sorted(rows, key=lambda row: int(row[0])))


def _regression(page: Report, metrics: RegressionMetrics, channel: str) -> None:
    predicted, true = metrics.curve()
    shown = np.random.default_rng(0).permutation(len(true))[:POINTS]
    page.heading(f"Predictions on {channel}")
    page.figure(
        figures.scatter(true[shown], predicted[shown], "label", "prediction"), f"Predictions against labels, {len(shown)} rows."
    )
    page.figure(figures.histogram(predicted - true, "prediction - label"), "Errors.")


def _losses(page: Report, progress: Progress, verdict: Verdict, judged_on: str) -> None:
    page.heading("Training")
    train, judged = np.array(progress.train_losses), np.array(progress.judged_losses)
    best, median = verdict.ranking[0], verdict.ranking[len(verdict.ranking) // 2]
    lines = {"best model, train": train[:, best], f"best model, {judged_on}": judged[:, best]}
    if median != best:
        lines |= {"median model, train": train[:, median], f"median model, {judged_on}": judged[:, median]}
    page.figure(
        figures.line_chart(lines, y_label="loss"), f"Loss per epoch of the best and the median of {train.shape[1]} models."
    )


def _weights(page: Report, model: LinearModel, scaler: Scaler) -> None:
    influence = np.abs(model.weights * scaler.scale[:, None]).max(axis=1) / scaler.label_scale
    strongest = np.argsort(-influence, kind="stable")[:LISTED]
    zeros = int((model.weights == 0).all(axis=1).sum())
    outputs = min(model.description.outputs, 10)
    headers = ["feature", "influence", *(["weight"] if outputs == 1 else [f"class {k}" for k in range(outputs)])]
    rows = [[str(feature), influence[feature], *map(float, model.weights[feature, :outputs])] for feature in strongest]
    page.heading("Weights")
    page.table(
        headers,
        rows,
        "The features that matter most: weights in the features' own units; influence is the largest weight for features and "
        f"label of unit deviation. {zeros} of {len(model.weights)} features have no weight.",
    )

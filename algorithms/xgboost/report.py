"""`report.html`: what came out of a training job, to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.plan import Plan
from algorithms.xgboost.publishing import importances
from algorithms.xgboost.scores import predicted_classes
from containers.job import TrainingJob
from containers.reporting import figures
from containers.reporting.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xgboost import Booster, DMatrix

    from algorithms.xgboost.training import Trained

#: Features listed.
LISTED = 20
#: Points of a scatter plot.
POINTS = 1500
#: Classes up to which there is a confusion matrix.
CLASSES = 100
#: Objectives whose predictions are shown beside the labels, which rankings and survival times cannot be.
SHOWN = ("binary:", "multi:", "reg:", "count:")


def write_report(job: TrainingJob, plan: Plan, trained: Trained, sources: Mapping[str, DMatrix]) -> None:
    """Write the page: results, predictions for the channel nearest to unseen data, curves, importance, settings."""
    hp: XGBoostHyperparameters = job.hyperparameters
    booster = trained.booster
    kind = "linear model" if hp.booster == "gblinear" else f"{booster.num_boosted_rounds()} rounds of {hp.booster}"
    page = Report(f"XGBoost · {job.name}", f"{hp.loss}, {booster.num_features()} features, {kind}")
    page.heading("Results")
    if results := trained.results:
        rows = [[name, *(results[f"{channel}:{name}"] for channel in sources)] for name in plan.names]
        page.table(["metric", *sources], rows, "Metrics of the published model.")
    best = booster.attr("best_iteration")
    if best is not None and hp.early_stopping_rounds is not None:
        page.text(f"Round {best} was the best by validation:{plan.watched}; the model ends with it.")
    channel = "validation" if "validation" in sources else "train"
    labels = sources[channel].get_label()
    if len(labels) and hp.loss.startswith(SHOWN):
        page.heading(f"Predictions on {channel if job.hosts.count == 1 else 'rows of this host in ' + channel}")
        scores = booster.predict(sources[channel])
        _predictions(page, hp, labels, scores, predicted_classes(scores, hp.loss))
    if trained.history:
        page.heading("Training")
        for name in plan.names:
            lines = {source: [values[f"{source}:{name}"] for values in trained.history] for source in sources}
            chart = figures.line_chart(lines, x_label="round", y_label=name, start=trained.first)
            page.figure(chart, f"{name} by round.")
    _importance(page, *importances(booster, hp.booster == "gblinear"))
    _settings(page, hp)
    page.write(job.output_dir / "report.html")


def write_folds_report(job: TrainingJob, plan: Plan, done: Sequence[Trained], held_out: NDArray[np.float64]) -> None:
    """Write the page of a cross-validation: means over the models, and what they say of rows that they have not seen.

    Parameters
    ----------
    held_out
        The table of `folds.HeldOut`.
    """
    hp: XGBoostHyperparameters = job.hyperparameters
    page = Report(f"XGBoost · {job.name}", f"{hp.loss}, {done[0].booster.num_features()} features, {len(done)} models")
    page.heading("Results")
    if results := [trained.results for trained in done if trained.results]:
        rows = [[name, np.mean(values), np.std(values)] for name in results[0] for values in [[each[name] for each in results]]]
        page.table(["metric", "mean", "deviation"], rows, "Metrics over the models, validation being what each has not seen.")
    if hp.loss.startswith(SHOWN):
        page.heading("Predictions on rows not seen")
        _predictions(page, hp, *held_out.T)
    page.heading("Training")
    for name in plan.names:
        lines = {f"model {k}": [values[f"validation:{name}"] for values in trained.history] for k, trained in enumerate(done)}
        page.figure(figures.line_chart(lines, x_label="round", y_label=name), f"{name} by round, on rows not seen.")
    _importance(page, *_mean_importances([trained.booster for trained in done], hp.booster == "gblinear"))
    _settings(page, hp)
    page.write(job.output_dir / "report.html")


def _predictions(
    page: Report, hp: XGBoostHyperparameters, labels: NDArray[Any], scores: NDArray[Any], classes: NDArray[Any] | None = None
) -> None:
    """Predictions beside labels, as the objective asks; `classes` are those predicted, by an objective that has some."""
    if hp.loss.startswith(("reg:", "count:")):
        shown = np.random.default_rng(0).permutation(len(labels))[:POINTS]
        chart = figures.scatter(labels[shown], scores[shown], "label", "prediction")
        page.figure(chart, f"Predictions against labels, {len(shown)} rows.")
        page.figure(figures.histogram(scores - labels, "prediction - label"), "Errors.")
        return
    if hp.loss in ("binary:logistic", "binary:logitraw") and 0 < (labels > 0.5).sum() < len(labels):
        page.figure(figures.roc_curve({"": _rates(scores, labels > 0.5)}), "ROC curve.")
    count = hp.num_class or 2
    if classes is not None and count <= CLASSES:
        counts = np.zeros((count, count), np.int64)
        np.add.at(counts, (labels.astype(np.int64), classes.astype(np.int64)), 1)
        page.figure(figures.confusion_matrix(counts, [str(k) for k in range(count)]), "Confusion matrix, unweighted.")


def _settings(page: Report, hp: XGBoostHyperparameters) -> None:
    page.heading("Settings")
    settings = [[name, str(value)] for name, value in sorted(hp.parameters().items())]
    page.table(["parameter", "value"], settings, "What xgboost was told; for the rest its defaults hold.")


def _rates(scores: NDArray[Any], true: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[Any]]:
    """False and true positive rates, as the threshold falls from above the highest score to the lowest."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # of each run of equal scores
    hits = np.cumsum(true[order])[last]
    misses = last + 1 - hits
    return np.append(0, misses / misses[-1]), np.append(0, hits / hits[-1])


def _mean_importances(boosters: Sequence[Booster], linear: bool) -> tuple[tuple[str, ...], list[list[Any]]]:
    """As `importances`, the means over several models; a feature without a split has 0."""
    means: dict[int, NDArray[np.float64]] = {}
    for booster in boosters:
        kinds, rows = importances(booster, linear)
        for feature, *values in rows:
            means[feature] = means.get(feature, 0.0) + np.array(values, np.float64) / len(boosters)
    ranked = sorted(means, key=lambda feature: (-abs(means[feature][0]), feature))
    return kinds, [[feature, *means[feature].tolist()] for feature in ranked]


def _importance(page: Report, columns: tuple[str, ...], rows: list[list[Any]]) -> None:
    if not rows:
        return
    page.heading("Importance")
    place, label = (1 + columns.index("total_gain"), "total gain") if "total_gain" in columns else (1, "coefficient")
    top = sorted(rows, key=lambda row: -abs(row[place]))[:LISTED]
    chart = _bars([str(row[0]) for row in top], [row[place] for row in top], label)
    page.figure(chart, f"The {len(top)} features that matter most.")
    more = f" {len(rows) - LISTED} more are in drydock/importance.csv, beside the model." if len(rows) > LISTED else ""
    listed = [[str(row[0]), *row[1:]] for row in top]
    page.table(["feature", *columns], listed, f"Features by {label}; the first one's number is 0.{more}")


def _bars(names: list[str], values: list[float], label: str) -> Figure:
    """Horizontal bars, the first on top."""
    figure = figures.new_figure(height=1.0 + 0.2 * len(names))
    axes = figure.subplots()
    axes.barh(range(len(names)), values, color=figures.COLOURS[0])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set(xlabel=label, ylabel="feature")
    figures.style(axes)
    return figure

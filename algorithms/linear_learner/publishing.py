"""The end of training: the verdict, the model that is served, its metrics and its report."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.judging import Jury, Verdict
from algorithms.linear_learner.losses import LOSSES, NUMPY_OPS, LossSettings
from algorithms.linear_learner.metrics import metrics_for
from algorithms.linear_learner.model import Description, LinearModel
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.progress import Progress
from algorithms.linear_learner.rows import SCORED_ROWS, SCORES
from algorithms.linear_learner.selection import Criterion
from algorithms.linear_learner.setup import Sample
from algorithms.training.cluster import Cluster
from algorithms.training.table import Table
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter

log = logging.getLogger(__name__)


def publish(
    job: TrainingJob,
    report: Reporter,
    network: Network,
    sample: Sample,
    progress: Progress,
    jury: Jury,
    scored: dict[str, Jury],
    criterion: Criterion,
    test: Table | None,
) -> None:
    """Choose the model, measure it on every channel, write it and its report. Only the first host writes."""
    hp: LinearLearnerHyperparameters = job.hyperparameters
    loss = network.arch.loss
    losses = progress.losses
    if not progress.epoch:  # stopped before the first one was over
        network.settle()
        losses = jury.losses(sampled=True)
    verdict = jury.verdict(criterion, loss, losses, hp.predictor_type == "binary_classifier")
    chosen = network.arch.candidates[verdict.model].as_dict()
    if network.arch.schedule is not None:
        chosen |= network.arch.schedule.as_dict()
    log.info("Best model found for hyperparameters: %s", json.dumps({"optimizer": network.arch.optimizer, **chosen}))

    columns = slice(verdict.model * hp.outputs, (verdict.model + 1) * hp.outputs)
    weights, bias = sample.scaler.fold(network.average.numpy()[:, columns], network.average_bias.numpy()[columns])
    description = Description(
        predictor_type=hp.predictor_type,
        feature_dim=sample.features,
        outputs=hp.outputs,
        link=loss.link,  # type: ignore[arg-type]
        threshold=verdict.threshold if hp.predictor_type == "binary_classifier" else None,
        hyperparameters=hp.model_dump(),
        selected={"model": verdict.model, "optimizer": network.arch.optimizer, **chosen},
    )
    model = LinearModel(description, weights, bias)

    sources = {name: _normalised(jury, verdict, sample, job.stop.is_set()) for name, jury in scored.items()}
    if test is not None and not job.stop.is_set():
        sources["test"] = _raw(model, test)
    elif test is None:
        log.info("Test data is not provided.")
    results, measured = {}, {}
    for name, rows in sources.items():
        results[name], measured[name] = _measure(model, rows, hp, network.cluster)
        _log(report, job.hosts.current, name, results[name], loss.objective, hp)
    if network.cluster.is_first:
        flat = {f"{channel}:{name}": value for channel, found in results.items() for name, value in found.items()}
        with job.artifact() as directory:
            LinearModel(replace(description, metrics=flat), weights, bias).save(directory)
        if job.settings.report:
            from algorithms.linear_learner.report import write_report

            write_report(job, model, sample.scaler, progress, verdict, results, measured)
    network.cluster.wait()


def _normalised(jury: Jury, verdict: Verdict, sample: Sample, sampled: bool) -> Iterator[tuple[NDArray, NDArray]]:
    """Raw scores, shape: (rows, outputs), and labels of rows as the network sees them, both in the label's units."""
    mean, scale = sample.scaler.label_mean, sample.scaler.label_scale
    for block in jury.rows(sampled=sampled):
        scores = block.scores(jury.network)[:, verdict.model].numpy().astype(np.float64)
        yield scores * scale + mean, block.y.astype(np.float64) * scale + mean


def _raw(model: LinearModel, table: Table) -> Iterator[tuple[NDArray, NDArray]]:
    """The same of rows as they came."""
    size = max(1, min(SCORED_ROWS, SCORES // model.description.outputs))
    for batch in table.head if table.complete else table.stream():
        assert batch.labels is not None  # noqa: S101 as `read` has seen to
        for start in range(0, len(batch), size):
            yield model.raw(batch.features[start : start + size]), batch.labels[start : start + size]


def _measure(
    model: LinearModel, rows: Iterator[tuple[NDArray, NDArray]], hp: LinearLearnerHyperparameters, cluster: Cluster
) -> tuple[dict[str, float], Any]:
    """All metrics of one channel, over all hosts, and what was gathered on the way."""
    loss, settings = LOSSES[hp.loss_name], LossSettings(hp.margin, hp.loss_insensitivity, hp.quantile, hp.huber_delta)
    metrics = metrics_for(hp, model.description.threshold or 0.0)
    total = np.zeros(2)
    for raw, labels in rows:
        target = labels[:, None]
        if hp.outputs > 1:
            target = np.zeros_like(raw)
            target[np.arange(len(labels)), labels.astype(np.int64)] = 1.0
        values = loss.value(NUMPY_OPS, raw[:, None, :], target[:, None, :], settings)
        total += [float(values.sum()), len(labels)]
        metrics.add(model.published(raw), labels)
    summed, rows_seen = cluster.sum(total)
    return {"objective_loss": summed / rows_seen, **metrics.results(cluster.sum(metrics.sums()))}, metrics


def _log(
    report: Reporter, host: str, channel: str, results: dict[str, float], objective: str, hp: LinearLearnerHyperparameters
) -> None:
    labels = {"objective_loss": objective, "binary_f_beta": f"binary_f_{hp.beta:.3f}", "macro_f_beta": f"macro_f_{hp.beta:.3f}"}
    labels["multiclass_top_k_accuracy"] = f"multiclass_top_k_accuracy_{hp.accuracy_top_k}"
    for name, value in results.items():
        log.info("#%s_score (%s) : %s", channel, host, (labels.get(name, name), float(value)))
    for name, value in results.items():
        report.metric(f"{channel}:{name}", value, objective=objective, beta=hp.beta, top_k=hp.accuracy_top_k)

"""The training loop, top to bottom."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np

from algorithms.linear_learner.data import check_tuning, read
from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.judging import EPOCH_SAMPLE, Jury, jury_of
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.progress import Checkpoint, Progress
from algorithms.linear_learner.publishing import publish
from algorithms.linear_learner.rows import TrainingRows, in_step
from algorithms.linear_learner.selection import Criterion
from algorithms.linear_learner.setup import Sample, architecture, look, mini_batch_for
from algorithms.training.cluster import Cluster
from algorithms.training.memory import cache_bytes
from algorithms.training.table import Table
from containers.batch import Batch
from containers.errors import UserError
from containers.hyperparameters import AUTO
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter

log = logging.getLogger(__name__)

#: Rows that judge the models where `num_calibration_samples` is auto: of the validation channel, or of the training data.
CALIBRATION_ROWS = {"validation": 200_000, "train": 50_000}
#: Training rows that the final model's training metrics are computed on, at most.
SCORED_TRAINING_ROWS = 1_000_000


def fit(job: TrainingJob, report: Reporter) -> None:
    """Train, judge and publish; see `containers.algorithm.Algorithm.fit`."""
    hp: LinearLearnerHyperparameters = job.hyperparameters
    log.info("Final configuration: %s", hp.model_dump_json())
    tables = open_tables(job, hp)
    cluster = Cluster(job.hosts)
    sample = look(tables["train"].head, hp, cluster)
    checkpoint = Checkpoint.of(job, cluster, sample.features)
    sample = checkpoint.sample(sample)
    arch = architecture(hp, sample, tuning=job.tuning_objective is not None)
    network = Network(arch, cluster)
    progress = checkpoint.restore(network) or Progress(np.full(network.models, np.inf))

    held = cluster.maximum(sum(map(len, tables["train"].head)))
    mini_batch = mini_batch_for(hp, held, complete=tables["train"].complete)
    rows = TrainingRows(tables["train"], sample.scaler, sparse=sample.sparse, mini_batch=mini_batch)
    on_train, jury, judged_by = _juries(hp, tables, rows, network, sample)
    criterion = Criterion(hp.criterion, hp.beta, hp.target_precision, hp.target_recall)
    unit = sample.scaler.label_scale**arch.loss.degree  # from the network's units of loss to the label's

    while progress.epoch < hp.epochs and progress.waited < hp.early_stopping_patience:
        epoch = progress.epoch
        began, total, count = time.monotonic(), np.zeros(network.models), 0.0
        with closing(rows.groups(epoch)) as groups:
            for group, steps in in_step(groups, rows.nothing(sample.features), cluster, job.stop):
                losses, seen = group.train(network, steps, epoch)
                total, count = total + losses.numpy().astype(np.float64), count + float(seen)
        if job.stop.is_set():
            log.info("stopped in epoch %d; keeping the best models so far", epoch)
            break
        seconds = time.monotonic() - began
        network.settle()
        judged = jury.losses()
        better = judged < progress.losses
        network.keep(better)
        progress.losses = np.where(better, judged, progress.losses)
        if not np.isfinite(progress.losses).any():
            raise UserError("training diverges: no model's loss is finite; try a smaller learning_rate, or normalize_data=true")
        progress.train_losses.append(total / max(count, 1.0) * unit)
        progress.judged_losses.append(judged * unit)
        progress.epoch = epoch + 1
        _log_epoch(report, progress, arch.loss.objective, judged_by, hp.epochs, count / max(seconds, 1e-9))
        _watch(progress, jury, criterion, hp, cluster, judged_by)
        checkpoint.save(network, progress, sample)

    if np.isfinite(progress.losses).any():
        network.restore_best()
    juries = {"train": on_train} | ({"validation": jury} if judged_by == "validation" else {})
    publish(job, report, network, sample, progress, jury, juries, criterion, tables.get("test"))


def open_tables(job: TrainingJob, hp: LinearLearnerHyperparameters) -> dict[str, Table]:
    """All channels, read as far as they may be kept in memory, so that bad data are refused before training.

    Raises
    ------
    UserError
        Names the channel, and the file and line or record, at fault.
    """
    check_tuning(job)
    budget = cache_bytes(job.settings.cache_megabytes)
    tables: dict[str, Table] = {}
    width: int | None = None
    for name, share in (("train", 1), ("validation", 4), ("test", 4)):
        channel = job.channel(name)
        if channel is None:
            continue

        def again(number: int, channel: Any = channel, width: int | None = width) -> Iterator[Batch]:
            return read(channel, hp, number, width)

        tables[name] = Table(again, budget // share).load()
        width = tables[name].head[0].features.shape[1]
    return tables


def _juries(
    hp: LinearLearnerHyperparameters, tables: dict[str, Table], rows: TrainingRows, network: Network, sample: Sample
) -> tuple[Jury, Jury, str]:
    """The rows of training data that are scored in the end, the rows that judge the models, and the latter's channel."""
    given = None if hp.num_calibration_samples == AUTO else int(hp.num_calibration_samples)
    limit = SCORED_TRAINING_ROWS if tables["train"].complete else CALIBRATION_ROWS["train"]
    on_train = Jury(network, rows.sample(limit, network.width), limit)
    if "validation" in tables:
        judges = jury_of(network, tables["validation"], sample.scaler, sample.sparse, given or CALIBRATION_ROWS["validation"])
        return on_train, judges, "validation"
    limit = given or CALIBRATION_ROWS["train"]
    return on_train, Jury(network, rows.sample(limit, network.width), limit), "train"


def _log_epoch(report: Reporter, progress: Progress, objective: str, judged_by: str, epochs: int, throughput: float) -> None:
    epoch, train, judged = progress.epoch - 1, progress.train_losses[-1], progress.judged_losses[-1]
    best = int(np.nanargmin(progress.losses)) if np.isfinite(progress.losses).any() else 0
    for model in range(len(train)):
        values = {f"train_{objective}": float(train[model])}
        if judged_by == "validation":
            values[f"validation_{objective}"] = float(judged[model])
        report.metrics(values, Algorithm="Linear Learner", epoch=epoch, model=model)
    report.metric("train:objective_loss", train[best], epoch=epoch, objective=objective)
    if judged_by == "validation":
        report.metric("validation:objective_loss", judged[best], epoch=epoch, objective=objective)
    report.metric("train:progress", 100.0 * (epoch + 1) / epochs, epoch=epoch)
    report.metric("train:throughput", throughput, epoch=epoch)


def _watch(
    progress: Progress, jury: Jury, criterion: Criterion, hp: LinearLearnerHyperparameters, cluster: Cluster, judged_by: str
) -> None:
    """Early stopping: watch the criterion where there are a criterion and validation data, the loss otherwise.

    The first host's value counts for all.
    """
    name, value = jury.network.arch.loss.objective, -float(np.nanmin(progress.judged_losses[-1]))
    if judged_by == "train":
        value = -float(np.nanmin(progress.train_losses[-1]))
    elif criterion.name != "loss_function":
        name = f"sampled_{criterion.name}"
        value = float(jury.calibrated(criterion, jury.network.arch.loss, EPOCH_SAMPLE)[1].max())
    value = float(cluster.broadcast(np.array(value)))
    progress.improves(value, hp.early_stopping_tolerance)
    host, epoch = cluster.hosts.current, progress.epoch - 1
    log.info("#early_stopping_criteria_metric: host=%s, epoch=%d, criteria=%s, value=%r", host, epoch, name, abs(value))
    if progress.waited >= hp.early_stopping_patience and progress.epoch < hp.epochs:
        log.info("Early stop condition met. Stopping training.")

"""Cross-validation: ``_kfold`` models, each without a part of the rows, served together; ``_num_cv_round`` times over.

Source: the hyperparameters that SageMaker's AutoML passes to its XGBoost container.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.xgboost.checkpoints import Checkpoints
from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.metrics import log_line
from algorithms.xgboost.plan import Plan
from algorithms.xgboost.publishing import MODEL, write_importance, write_model
from algorithms.xgboost.scores import predicted_classes
from containers.errors import UserError
from containers.job import TrainingJob
from containers.reporting.logs import BARE
from containers.reporting.metrics import Reporter

log = logging.getLogger(__name__)

PREDICTIONS = "predictions.csv"


@dataclass(frozen=True, slots=True)
class Folds:
    """How rows are cut: into `count` parts, `repeats` times anew."""

    count: int
    repeats: int

    @classmethod
    def of(cls, job: TrainingJob) -> Folds | None:
        """What the job asks for; None for no cross-validation.

        Raises
        ------
        UserError
            It asks for what cannot be.
        """
        internal: Mapping[str, str] = job.hyperparameters.internal
        if "_kfold" not in internal:
            return None
        if job.hosts.count > 1:
            raise UserError(f"_kfold: rows are cut on one host, and the job has {job.hosts.count}")
        if job.hyperparameters.loss.startswith("rank:"):
            raise UserError(f"_kfold: the query groups of objective={job.hyperparameters.loss} cannot be cut")
        if job.hyperparameters.process_type == "update":
            raise UserError("_kfold: process_type=update has trees that know all rows already")
        return cls(_integer(internal, "_kfold", 2, 2), _integer(internal, "_num_cv_round", 1, 1))

    def cut(self, labels: NDArray[Any], by_class: bool, seed: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """The rows to train on and those held out, of every fold; shuffled, and each class spread evenly where asked."""
        rng = np.random.default_rng(abs(seed))
        for _ in range(self.repeats):
            order = rng.permutation(len(labels))
            if by_class:
                order = order[np.argsort(labels[order], kind="stable")]
            part = np.empty(len(labels), np.int64)
            part[order] = np.arange(len(labels)) % self.count
            for fold in range(self.count):
                yield np.flatnonzero(part != fold), np.flatnonzero(part == fold)


def fit_folds(job: TrainingJob, report: Reporter, plan: Plan, folds: Folds) -> None:
    """Train a model on every fold, and publish them all; what each says of the rows it has not seen goes to a file."""
    from algorithms.xgboost.matrices import combined
    from algorithms.xgboost.training import Trained, boost

    hp: XGBoostHyperparameters = job.hyperparameters
    data = combined(job)
    labels = data.get_label()
    if len(labels) < folds.count:
        raise UserError(f"_kfold: {folds.count} folds need as many rows, and there are {len(labels)}")
    classifies = hp.loss.startswith(("binary:", "multi:"))
    log.info("%d times %d-fold cross-validation with %d rows", folds.repeats, folds.count, len(labels))
    held_out = HeldOut(labels, hp.loss if classifies else None)
    done: list[Trained] = []
    for number, (inside, outside) in enumerate(folds.cut(labels, classifies, hp.seed)):
        directory = job.checkpoint_dir and job.checkpoint_dir / f"model-{number}"
        sources = {"train": data.slice(inside), "validation": data.slice(outside)}
        log.info("fold %d of round %d", number % folds.count + 1, number // folds.count + 1)
        cluster = Cluster(job.hosts)
        done.append(boost(job, report, plan, sources, Checkpoints(directory, cluster), cluster, fold=number))
        held_out.record(outside, done[-1].booster.predict(sources["validation"]))
        if job.stop.is_set():
            break
        if (number + 1) % folds.count == 0:
            _tell(hp.num_round, done[-folds.count :])
    if folds.repeats > 1 and len(done) == folds.count * folds.repeats:
        _tell(hp.num_round, done)
    with job.artifact() as artifact:
        for number, trained in enumerate(done):
            write_model(artifact / f"{MODEL}-{number}", trained.booster)
        write_importance(artifact, [trained.booster for trained in done], hp.booster == "gblinear")
    held_out.write(job.output_dir / PREDICTIONS)
    if job.settings.report:
        from algorithms.xgboost.report import write_folds_report

        write_folds_report(job, plan, done, held_out.table())


class HeldOut:
    """What models say of rows that they have not seen.

    Parameters
    ----------
    objective
        None where nothing is classified.
    """

    def __init__(self, labels: NDArray[Any], objective: str | None) -> None:
        self._labels, self._objective = labels, objective
        self._said: list[tuple[NDArray[np.int64], NDArray[Any]]] = []

    def record(self, rows: NDArray[np.int64], predictions: NDArray[Any]) -> None:
        self._said.append((rows, predictions))

    def table(self) -> NDArray[np.float64]:
        """A row for each that has been held out: label and prediction, the mean over all repetitions; for classes also the one
        said most often, the lowest of several. Of one probability a class the highest is the prediction."""
        rows = np.concatenate([rows for rows, _ in self._said])
        scores = np.concatenate([found.max(axis=1) if found.ndim == 2 else found for _, found in self._said])
        count = np.bincount(rows, minlength=len(self._labels))
        total = np.bincount(rows, scores, len(self._labels))
        known = count > 0
        columns = [self._labels[known], total[known] / count[known]]
        if self._objective is not None:
            said = np.concatenate([predicted_classes(found, self._objective) for _, found in self._said])
            votes = np.zeros((len(self._labels), said.max() + 1), np.int64)
            np.add.at(votes, (rows, said), 1)
            columns.append(votes[known].argmax(axis=1))
        return np.column_stack(columns)

    def write(self, path: Path) -> None:
        """Write the table as CSV."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(path, self.table(), fmt="%f", delimiter=",")


def _tell(num_round: int, done: Sequence[Any]) -> None:
    """The means of the metrics over some folds, as a line of their own."""
    results = [trained.results for trained in done if trained.results]
    if results:
        means = {name: float(np.mean([found[name] for found in results])) for name in results[0]}
        log.info("%s", log_line(num_round, means), extra={BARE: True})


def _integer(internal: Mapping[str, str], name: str, default: int, low: int) -> int:
    text = internal.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < low:
        raise UserError(f"{name}: expected an integer >= {low}, got {text!r}")
    return int(text)

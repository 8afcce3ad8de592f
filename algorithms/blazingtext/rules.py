"""What a job must agree on with itself before its data are read: mode, channels, hosts, a tuner's objective."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.metrics import SPECS
from containers.errors import UserError, did_you_mean
from containers.job import TrainingJob
from containers.media import JSONLINES

log = logging.getLogger(__name__)


def check_job(job: TrainingJob) -> None:
    """Refuse what cannot be done, and log which hyperparameters the mode ignores.

    Raises
    ------
    UserError
        One line for every rule that is broken.
    """
    hp: BlazingTextHyperparameters = job.hyperparameters
    problems = [*_problems(job, hp), *_objective(job, hp)]
    if problems:
        raise UserError("\n".join(problems))
    if hp.subwords and not hp.learns_subwords:
        log.warning("subwords: ignored, as mode %s learns none", hp.mode)
    if "batch_size" in hp.given and hp.mode != "batch_skipgram":
        log.info("batch_size: ignored, as only mode batch_skipgram has mini-batches")
    if hp.supervised and hp.early_stopping and hp.min_epochs > hp.epochs:
        log.info("early_stopping: without effect, as min_epochs=%d is more than epochs=%d", hp.min_epochs, hp.epochs)


def _problems(job: TrainingJob, hp: BlazingTextHyperparameters) -> Iterator[str]:
    if job.hosts.count > 1 and hp.mode != "batch_skipgram":
        yield f"mode: {hp.mode!r} trains on one host, got {job.hosts.count}; 'batch_skipgram' trains on several"
    if hp.supervised:
        if hp.early_stopping and job.channel("validation") is None:
            yield "early_stopping: needs the channel 'validation', which is not given"
        return
    if job.channel("validation") is not None:
        yield f"channel 'validation': not read in mode {hp.mode!r}; only 'supervised' has something to validate"
    for channel in job.channels.values():
        if channel.attributes or (channel.content_type is not None and channel.content_type.name == JSONLINES):
            yield f"channel {channel.name!r}: an augmented manifest is read in mode 'supervised' only, got mode {hp.mode!r}"


def _objective(job: TrainingJob, hp: BlazingTextHyperparameters) -> Iterator[str]:
    """A tuner's objective must be a metric that this job reports."""
    objective = job.tuning_objective
    if objective is None:
        return
    possible = [spec.name for spec in SPECS if spec.direction is not None]
    if objective not in possible:
        yield f"_tuning_objective_metric: unknown metric {objective!r}{did_you_mean(objective, possible)}"
    elif objective == "train:mean_rho" and (hp.supervised or not hp.evaluation):
        yield f"_tuning_objective_metric: {objective!r} needs a mode of word vectors and evaluation=True"
    elif objective == "validation:accuracy" and not (hp.supervised and job.channel("validation")):
        yield f"_tuning_objective_metric: {objective!r} needs mode=supervised and the channel 'validation'"

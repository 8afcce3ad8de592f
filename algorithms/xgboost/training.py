"""The training loop, top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from algorithms.xgboost import library
from algorithms.xgboost.checkpoints import Checkpoints
from algorithms.xgboost.folds import Folds, fit_folds
from algorithms.xgboost.hosts import Cluster, collective
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.importing import import_xgboost
from algorithms.xgboost.metrics import log_line
from algorithms.xgboost.plan import Evaluation, Plan
from algorithms.xgboost.publishing import publish, save
from algorithms.xgboost.stopping import EarlyStopping
from containers.errors import UserError
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

log = logging.getLogger(__name__)


@dataclass
class Trained:
    """What came out of training.

    Attributes
    ----------
    booster
        The model to publish: that of the best round under early stopping, the last one otherwise.
    first
        The round that this run began with; more than 0 where it has been resumed.
    history
        By round from `first` on: metric, such as ``validation:rmse``, to value.
    """

    booster: Booster
    first: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def results(self) -> dict[str, float]:
        """The metrics of the published model, as far as this run has seen that round."""
        place = self.booster.num_boosted_rounds() - 1 - self.first
        return self.history[place] if 0 <= place < len(self.history) else {}


def fit(job: TrainingJob, report: Reporter) -> None:
    """Train and publish; see `containers.algorithm.Algorithm.fit`."""
    plan, folds = planned(job)
    for reason in job.hyperparameters.without_effect():
        log.warning("no effect: %s", reason)
    import_xgboost()
    with library.speaking():
        if folds is not None:
            fit_folds(job, report, plan, folds)
        else:
            _fit(job, report, plan)


def planned(job: TrainingJob) -> tuple[Plan, Folds | None]:
    """What a job is to do, as far as that is known before its data are: at once, without xgboost unless a GPU is asked for.

    Raises
    ------
    UserError
        It cannot be, on this machine or on so many hosts.
    """
    hp: XGBoostHyperparameters = job.hyperparameters
    if job.hosts.count > 1 and (reasons := list(hp.alone())):
        raise UserError(f"{'; '.join(reasons)}; the job has {job.hosts.count} hosts")
    folds = Folds.of(job)
    plan = Plan.of(hp, job.tuning_objective, validated=folds is not None or job.channel("validation") is not None)
    library.require(hp.device)
    return plan, folds


def _fit(job: TrainingJob, report: Reporter, plan: Plan) -> None:
    from algorithms.xgboost.matrices import build  # here, as it imports xgboost

    with collective(job) as cluster, build(job, cluster, job.hyperparameters.device) as matrices:
        sources = {"train": matrices.train}
        if matrices.validation is not None:
            sources["validation"] = matrices.validation
        trained = boost(job, report, plan, sources, Checkpoints(job.checkpoint_dir, cluster), cluster)
        publish(job, plan, trained, sources, cluster)


def boost(
    job: TrainingJob,
    report: Reporter,
    plan: Plan,
    sources: Mapping[str, DMatrix],
    checkpoints: Checkpoints,
    cluster: Cluster,
    **fields: Any,
) -> Trained:
    """Train one model, round by round, and report its metrics.

    Parameters
    ----------
    sources
        ``train``, and ``validation`` where there is one.
    fields
        What every line of ``metrics.jsonl`` shall say beside.

    Raises
    ------
    UserError
        What is continued is of other data.
    """
    hp: XGBoostHyperparameters = job.hyperparameters
    booster, first, rounds = _begin(hp, plan, sources, checkpoints)
    evaluation = Evaluation(plan, hp, sources, cluster)
    stopping = _early_stopping(hp, plan, sources, checkpoints)
    trained = Trained(booster, first)
    for epoch in range(first, rounds):
        if stopping is not None and stopping.over(booster, epoch):
            log.info("round %d was the best; %s has not improved since", int(booster.attr("best_iteration")), plan.watched)
            break
        if checkpoints.directory is not None and hp.samples:
            # The samplers' state is in no checkpoint: each round begins with fresh ones, which its number seeds.
            booster.load_config(booster.save_config())
        booster.update(sources["train"], epoch)
        values = evaluation(booster, epoch)
        trained.history.append(values)
        report.row(log_line(epoch, values), values, epoch=epoch, **fields)
        if stopping is not None:
            stopping.judge(booster, epoch, values)
        if hp.process_type == "default":
            checkpoints.save(booster, epoch)
        if hp.save_model_on_termination and cluster.is_first and not fields:
            save(job, stopping.best(booster) if stopping is not None else booster)
        if cluster.any(job.stop.is_set()):
            log.info("stopped after round %d; keeping the model so far", epoch)
            break
    if stopping is not None:
        trained.booster = stopping.best(booster)
    return trained


def _begin(
    hp: XGBoostHyperparameters, plan: Plan, sources: Mapping[str, DMatrix], checkpoints: Checkpoints
) -> tuple[Booster, int, int]:
    """The booster to go on with, the first round to do, and the one to end before."""
    from xgboost import Booster

    parameters = hp.parameters() | plan.parameters(hp)
    if checkpoints.directory is not None:
        parameters["seed_per_iteration"] = True
    found, features = checkpoints.latest(), sources["train"].num_col()
    model, first = found or (None, 0)
    updates = hp.process_type == "update"
    if updates and model is None:
        raise UserError("process_type: 'update' changes the trees of a checkpoint, and the job has none")
    _check_constraints(hp, features)
    if model is not None and hp.samples:
        # The approximate method keeps with the matrix the bins that it chose in round 0, by the rows drawn then.
        Booster(parameters, [sources["train"]]).update(sources["train"], 0)
    booster = Booster(parameters, list(sources.values()), model_file=None if model is None else bytearray(model))
    if model is not None and booster.num_features() != features:
        raise UserError(f"the checkpoint is of {booster.num_features()} features, the data have {features}")
    return (booster, 0, min(hp.num_round, first)) if updates else (booster, first, hp.num_round)


def _check_constraints(hp: XGBoostHyperparameters, features: int) -> None:
    """Refuse constraints of features that the data have not."""
    signs, groups = hp.monotone_constraints or (), hp.interaction_constraints or ()
    if len(signs) > features:
        raise UserError(f"monotone_constraints: {len(signs)} signs, but the data have {features} features")
    highest = max((feature for group in groups for feature in group), default=0)
    if highest >= features:
        raise UserError(f"interaction_constraints: a feature {highest}, but those of the data are 0 to {features - 1}")


def _early_stopping(
    hp: XGBoostHyperparameters, plan: Plan, sources: Mapping[str, DMatrix], checkpoints: Checkpoints
) -> EarlyStopping | None:
    if hp.early_stopping_rounds is None:
        return None
    if "validation" not in sources:
        log.warning("early_stopping_rounds has no effect: it needs a channel 'validation'")
        return None
    metric = f"validation:{plan.watched}"
    return EarlyStopping(metric, plan.maximize, hp.early_stopping_rounds, hp.booster == "gbtree", checkpoints)

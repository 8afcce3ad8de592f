"""Which metrics a job reports, and what it makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.metrics import METRICS, as_library, metric_of, misfits
from algorithms.xgboost.scores import Scores
from containers.errors import UserError

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix


@dataclass(frozen=True, slots=True)
class Plan:
    """The metrics of a job.

    Attributes
    ----------
    names
        All of them, as the user calls them.
    watched
        That which early stopping looks at.
    """

    names: tuple[str, ...]
    watched: str

    @classmethod
    def of(cls, hp: XGBoostHyperparameters, tuning_objective: str | None, validated: bool) -> Plan:
        """The metrics asked for and the tuner's; the objective's default where nobody asks.

        Raises
        ------
        UserError
            The tuner watches what this job cannot report.
        """
        tuned = _tuned(hp, tuning_objective)
        if tuned and not validated:
            raise UserError(f"the tuning objective {tuning_objective!r} needs a channel 'validation', which the job has not")
        asked = hp.metrics if hp.eval_metric or not tuned else ()
        return cls(tuple(dict.fromkeys([*asked, *tuned])), (tuned or asked)[-1])

    @property
    def maximize(self) -> bool:
        """Whether more is better of what is watched."""
        return metric_of(self.watched).direction == "Maximize"

    @property
    def ours(self) -> list[str]:
        """Those that we compute."""
        return [name for name in self.names if metric_of(name).ours]

    def parameters(self, hp: XGBoostHyperparameters) -> dict[str, Any]:
        """What xgboost is told of metrics."""
        told = self.told(hp)
        return {"eval_metric": [*dict.fromkeys(told.values())]} if told else {"disable_default_eval_metric": True}

    def told(self, hp: XGBoostHyperparameters) -> dict[str, str]:
        """Those that xgboost computes, as the user and as xgboost calls them."""
        names = [name for name in self.names if not metric_of(name).ours]
        return {name: as_library(name, hp.loss, hp.tweedie_variance_power) for name in names}


class Evaluation:
    """The metrics of some matrices after a round.

    Parameters
    ----------
    sources
        Channel to matrix.
    """

    def __init__(self, plan: Plan, hp: XGBoostHyperparameters, sources: Mapping[str, DMatrix], cluster: Cluster | None) -> None:
        self._plan, self._sources, self._told = plan, sources, plan.told(hp)
        self._evals = [(matrix, channel) for channel, matrix in sources.items()]
        total = cluster.sum if cluster is not None else np.asarray
        self._scores = {
            channel: Scores(plan.ours, hp.loss, hp.num_class or 2, matrix.get_label(), matrix.get_weight(), total)
            for channel, matrix in sources.items()
            if plan.ours
        }

    def __call__(self, booster: Booster, epoch: int) -> dict[str, float]:
        """``validation:rmse`` and so on to value, channel by channel, in the order in which they were asked for."""
        found: dict[str, float] = {}
        if self._told:
            # "[3]\ttrain-rmse:0.25\ttrain-map@32:0.5\tvalidation-rmse:0.5": in the order given, by names of xgboost's own.
            values = [float(part.rpartition(":")[2]) for part in booster.eval_set(self._evals, epoch).split("\t")[1:]]
            computed = [(channel, told) for channel in self._sources for told in dict.fromkeys(self._told.values())]
            known = dict(zip(computed, values, strict=True))
            found |= {f"{channel}:{name}": known[channel, self._told[name]] for channel in self._sources for name in self._told}
        for channel, scores in self._scores.items():
            told = scores.values(booster.predict(self._sources[channel]))
            found |= {f"{channel}:{name}": value for name, value in told.items()}
        return {key: found[key] for key in (f"{channel}:{name}" for channel in self._sources for name in self._plan.names)}


def _tuned(hp: XGBoostHyperparameters, objective: str | None) -> tuple[str, ...]:
    """The names in a tuner's objective, such as ``validation:rmse``; none outside a tuning job."""
    if objective is None:
        return ()
    channel, _, text = objective.partition(":")
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in METRICS]
    if channel != "validation" or unknown:
        raise UserError(f"_tuning_objective_metric: expected validation: and one of {', '.join(METRICS)}, got {objective!r}")
    for problem in misfits(names, hp.loss):
        raise UserError(f"_tuning_objective_metric: {problem}")
    return names

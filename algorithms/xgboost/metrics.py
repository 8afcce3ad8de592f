"""Metrics by name: which there are, what they are for, and the log lines that tell of them.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-tuning.html and xgboost's own list of evaluation metrics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from containers.algorithm import MetricSpec

Direction = Literal["Minimize", "Maximize"]

BINARY = ("binary:", "reg:logistic")
CLASSES = (*BINARY, "multi:")
#: Objectives whose prediction is one number a row.
ONE_SCORE = ("binary:", "reg:", "count:", "rank:", "survival:")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes
    ----------
    objectives
        Beginnings of the names of the objectives that it fits.
    ours
        Computed by `algorithms.xgboost.scores`, as xgboost has none of that name.
    """

    direction: Direction
    objectives: tuple[str, ...]
    ours: bool = False


METRICS = {
    "accuracy": Metric("Maximize", CLASSES, ours=True),
    "auc": Metric("Maximize", ("binary:", "rank:")),
    "aucpr": Metric("Maximize", (*CLASSES, "rank:")),
    "balanced_accuracy": Metric("Maximize", CLASSES, ours=True),
    "f1": Metric("Maximize", CLASSES, ours=True),
    "f1_binary": Metric("Maximize", BINARY, ours=True),
    "f1_macro": Metric("Maximize", CLASSES, ours=True),
    "map": Metric("Maximize", ONE_SCORE),
    "ndcg": Metric("Maximize", ONE_SCORE),
    "precision": Metric("Maximize", BINARY, ours=True),
    "r2": Metric("Maximize", ONE_SCORE, ours=True),
    "recall": Metric("Maximize", BINARY, ours=True),
    "precision_macro": Metric("Maximize", CLASSES, ours=True),
    "precision_micro": Metric("Maximize", CLASSES, ours=True),
    "recall_macro": Metric("Maximize", CLASSES, ours=True),
    "recall_micro": Metric("Maximize", CLASSES, ours=True),
    "aft-nloglik": Metric("Minimize", ("survival:aft",)),
    "cox-nloglik": Metric("Minimize", ("survival:cox",)),
    "error": Metric("Minimize", ONE_SCORE),
    "gamma-deviance": Metric("Minimize", ONE_SCORE),
    "gamma-nloglik": Metric("Minimize", ONE_SCORE),
    "interval-regression-accuracy": Metric("Minimize", ("survival:aft",)),
    "logloss": Metric("Minimize", ("binary:logistic", "binary:hinge", "reg:logistic")),
    "mae": Metric("Minimize", ONE_SCORE),
    "mape": Metric("Minimize", ONE_SCORE),
    "merror": Metric("Minimize", ("multi:",)),
    "mlogloss": Metric("Minimize", ("multi:",)),
    "mphe": Metric("Minimize", ONE_SCORE),
    "mse": Metric("Minimize", ONE_SCORE, ours=True),
    "poisson-nloglik": Metric("Minimize", ONE_SCORE),
    "rmse": Metric("Minimize", ONE_SCORE),
    "rmsle": Metric("Minimize", ONE_SCORE),
    "tweedie-nloglik": Metric("Minimize", ONE_SCORE),
}

#: Names with a parameter: how they are shown, and their expression.
FORMS = {
    "error@t": r"error@-?(\d+\.?\d*|\.\d+)",
    "ndcg@n": r"ndcg(@\d+)?-?",
    "map@n": r"map(@\d+)?-?",
    "tweedie-nloglik@p": r"tweedie-nloglik@1\.\d+",
}

#: What is reported where nobody asks for anything; binary:logitraw's own default, the log loss, is wrong for raw scores.
DEFAULTS = {
    "binary:logistic": "logloss",
    "binary:logitraw": "error",
    "binary:hinge": "error",
    "count:poisson": "poisson-nloglik",
    "multi:softmax": "mlogloss",
    "multi:softprob": "mlogloss",
    "rank:pairwise": "ndcg",
    "rank:ndcg": "ndcg",
    "rank:map": "map",
    "reg:gamma": "gamma-nloglik",
    "reg:pseudohubererror": "mphe",
    "reg:squaredlogerror": "rmsle",
    "reg:absoluteerror": "mae",
    "reg:tweedie": "tweedie-nloglik",
    "survival:aft": "aft-nloglik",
    "survival:cox": "cox-nloglik",
}


def metric_of(name: str) -> Metric:
    """The metric of a name with or without a parameter: ``ndcg@5-``."""
    return METRICS[re.split(r"@|-$", name)[0]]


def misfits(names: Sequence[str], objective: str) -> Iterator[str]:
    """What is wrong with metrics that do not fit an objective, in words."""
    for name in names:
        fits = metric_of(name).objectives
        if not objective.startswith(fits):
            yield f"{name!r} does not fit objective={objective}; it is for {', '.join(fits)}"


def as_library(name: str, objective: str, tweedie_variance_power: float) -> str:
    """What xgboost calls a metric; names that mean the same give the same."""
    base, _, parameter = name.partition("@")
    if base == "tweedie-nloglik":
        return f"{base}@{float(parameter or tweedie_variance_power):.15g}"
    if base == "error":
        # Raw scores are no probabilities to compare with one half.
        threshold = float(parameter or (0 if objective == "binary:logitraw" else 0.5))
        return base if threshold == 0.5 else f"{base}@{threshold:.15g}"
    return name


def log_line(epoch: int, values: dict[str, float]) -> str:
    """All of a round's metrics as xgboost writes them: ``[3]<TAB>train-rmse:0.25<TAB>validation-rmse:0.5``.

    The values have all their digits, so that a tuner can tell two jobs apart whose metrics agree in the first five.
    """
    return "\t".join([f"[{epoch}]", *(f"{name.replace(':', '-', 1)}:{value}" for name, value in values.items())])


#: How AWS's expressions end, by channel.
_VALUES = {"train": r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?).*", "validation": r"(\S+)"}


def _specs() -> Iterator[MetricSpec]:
    for channel, value in _VALUES.items():
        for name, metric in METRICS.items():
            yield MetricSpec(
                f"{channel}:{name}",
                f"[{{epoch}}]\t{channel}-{name}:{{value}}",
                # CloudWatch shows a tab as #011.
                rf".*\[[0-9]+\].*(?:#011|\t){channel}-{name}:{value}",
                metric.direction if channel == "validation" else None,
                per_epoch=True,
            )


SPECS = tuple(_specs())

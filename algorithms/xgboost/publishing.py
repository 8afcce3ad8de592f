"""The artifact: ``xgboost-model`` as xgboost writes it; what it does not hold lies beside it, in ``drydock/``.

In a directory of its own, because AWS's server takes every file beside the model for another model.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.plan import Plan
from containers.job import TrainingJob

if TYPE_CHECKING:
    from xgboost import Booster, DMatrix

    from algorithms.xgboost.training import Trained

MODEL = "xgboost-model"
IMPORTANCES = ("gain", "cover", "weight", "total_gain", "total_cover")


def publish(job: TrainingJob, plan: Plan, trained: Trained, sources: Mapping[str, DMatrix], cluster: Cluster) -> None:
    """Write the model and its report. Only the first host writes."""
    if not cluster.is_first:
        return
    with job.artifact() as directory:
        write_model(directory / MODEL, trained.booster)
        write_importance(directory, [trained.booster], job.hyperparameters.booster == "gblinear")
    if job.settings.report:
        from algorithms.xgboost.report import write_report

        write_report(job, plan, trained, sources)


def save(job: TrainingJob, booster: Booster) -> None:
    """Put the model so far where it will be looked for, whatever happens next."""
    with job.artifact() as directory:
        write_model(directory / MODEL, booster)


def write_model(path: Path, booster: Booster) -> None:
    """As `Booster.save_model` in UBJSON, whatever the file's name ends in."""
    path.write_bytes(booster.save_raw("ubj"))


def write_importance(directory: Path, boosters: Sequence[Booster], linear: bool) -> None:
    """Write ``drydock/importance.csv``; several models' rows follow each other, and begin with the model's number."""
    target = directory / "drydock"
    target.mkdir()
    several = len(boosters) > 1
    with (target / "importance.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        for number, booster in enumerate(boosters):
            kinds, rows = importances(booster, linear)
            if not number:
                table.writerow([*(["model"] if several else []), "feature", *kinds])
            table.writerows([*([number] if several else []), *row] for row in rows)


def importances(booster: Booster, linear: bool) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Kinds of importance, and for every feature its number and one value a kind; the most important first.

    Trees: mean and total gain and cover of the splits by a feature, and how many there are (``weight``); features without a
    split are left out. Linear models: the coefficient (``weight``), of several classes the one that is largest.
    """

    def score(kind: str) -> dict[int, float]:
        found: Mapping[str, Any] = booster.get_score(importance_type=kind)
        return {int(name[1:]): max(value, key=abs) if isinstance(value, list) else value for name, value in found.items()}

    kinds: tuple[str, ...] = ("weight",) if linear else IMPORTANCES
    scores = [score(kind) for kind in kinds]
    ranked = sorted(scores[0], key=lambda feature: (-abs(scores[0][feature]), feature))
    return kinds, [[feature, *(values[feature] for values in scores)] for feature in ranked]

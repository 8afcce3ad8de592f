"""Training on matrices made in memory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from algorithms.xgboost import XGBoost, library
from algorithms.xgboost.checkpoints import Checkpoints
from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.plan import Plan
from algorithms.xgboost.training import Trained, boost
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter
from containers.settings import TrainSettings

ROWS, WIDTH = 600, 8


def job_of(root: Path, checkpoints: bool = False, **hyperparameters: Any) -> TrainingJob:
    """A job without channels."""
    hp = XGBoostHyperparameters.parse({"num_round": 12, "nthread": 1, **hyperparameters})
    settings = TrainSettings(root=root)
    return TrainingJob("test", hp, {}, Hosts(), settings, checkpoint_dir=root / "checkpoints" if checkpoints else None)


def table(objective: str = "reg:squarederror", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels that they explain in part, so that a model can overfit."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, WIDTH)).astype(np.float32)
    y = x[:, 0] * 2 + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + rng.normal(size=ROWS)
    if objective.startswith(("binary:", "reg:logistic")):
        y = y > 0
    elif objective.startswith("multi:"):
        y = np.digitize(y, [-1, 1])
    elif objective.startswith(("count:", "survival:", "reg:gamma", "reg:tweedie", "reg:squaredlogerror")):
        y = np.abs(y) + 0.1
    elif objective.startswith("rank:"):
        y = y > 0 if objective == "rank:map" else np.digitize(y, [-1, 1])
    return x, y.astype(np.float32)


def matrix(objective: str = "reg:squarederror", seed: int = 0, like: Any = None, plain: bool = False) -> xgboost.DMatrix:
    x, y = table(objective, seed)
    made = xgboost.DMatrix(x, y) if plain else xgboost.QuantileDMatrix(x, y, ref=like)
    if objective.startswith("rank:"):
        made.set_group([ROWS // 20] * 20)
    if objective == "survival:aft":
        made.set_float_info("label_lower_bound", y)
        made.set_float_info("label_upper_bound", y)
    return made


def sources(objective: str = "reg:squarederror", plain: bool = False) -> dict[str, xgboost.DMatrix]:
    """Rows to train on and others to validate with."""
    train = matrix(objective, 0, plain=plain)
    return {"train": train, "validation": matrix(objective, 1, train, plain)}


def boosted(job: TrainingJob, data: Mapping[str, xgboost.DMatrix], tuning: str | None = None) -> Trained:
    """Train on matrices, as `fit` does once it has them."""
    cluster = Cluster(job.hosts)
    plan = Plan.of(job.hyperparameters, tuning, "validation" in data)
    with library.speaking(), Reporter(XGBoost(), "algo-1", job.output_dir) as report:
        return boost(job, report, plan, data, Checkpoints(job.checkpoint_dir, cluster), cluster)

"""XGBoost: gradient boosted trees, and linear models, for regression, classification, ranking and survival.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.xgboost.data import CHANNELS
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.metrics import SPECS

if TYPE_CHECKING:
    from containers.algorithm import Framework, Model
    from containers.job import TrainingJob
    from containers.reporting.metrics import Reporter
    from containers.settings import ServeSettings


class XGBoost:
    """See `containers.algorithm.Algorithm`."""

    name = "xgboost"
    Hyperparameters = XGBoostHyperparameters
    channels = CHANNELS
    metrics = SPECS
    multi_model = True

    @property
    def framework(self) -> Framework:
        """For scripts in its place."""
        from algorithms.xgboost.framework import XGBoostFramework

        return XGBoostFramework()

    def check(self, job: TrainingJob) -> Mapping[str, Any]:
        """Rows, features, share of non-zero values, labels and weights of each channel."""
        from algorithms.xgboost.checking import describe

        return describe(job)

    def fit(self, job: TrainingJob, report: Reporter) -> None:
        from algorithms.xgboost.training import fit

        fit(job, report)

    def load(self, model_dir: Path, settings: ServeSettings) -> Model:
        from algorithms.xgboost.model import XGBoostModel

        return XGBoostModel.load(model_dir, settings)

    def warm(self) -> None:
        from containers.content.warm import warm

        warm()


algorithm = XGBoost()

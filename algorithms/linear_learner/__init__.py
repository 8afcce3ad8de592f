"""Linear Learner: linear models for classification and regression, many trained side by side, the best one published.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/linear-learner.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.linear_learner.data import CHANNELS, check_tuning, read
from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.metrics import SPECS
from algorithms.linear_learner.model import ALGORITHM, LinearModel

if TYPE_CHECKING:
    from containers.job import TrainingJob
    from containers.reporting.metrics import Reporter
    from containers.settings import ServeSettings


class LinearLearner:
    """See `containers.algorithm.Algorithm`."""

    name = ALGORITHM
    Hyperparameters = LinearLearnerHyperparameters
    channels = CHANNELS
    metrics = SPECS
    multi_model = True

    def check(self, job: TrainingJob) -> Mapping[str, Any]:
        """Rows, features, share of non-zero values and labels of each channel."""
        from algorithms.linear_learner.checking import describe

        check_tuning(job)
        found: dict[str, Any] = {}
        width = None
        for spec in CHANNELS:
            if (channel := job.channel(spec.name)) is not None:
                found[spec.name] = describe(read(channel, job.hyperparameters, 0, width), job.hyperparameters)
                width = found[spec.name]["features"]
        return found

    def fit(self, job: TrainingJob, report: Reporter) -> None:
        from algorithms.linear_learner.training import fit

        fit(job, report)

    def load(self, model_dir: Path, settings: ServeSettings) -> LinearModel:
        return LinearModel.load(model_dir)

    def warm(self) -> None:
        from containers.content.warm import warm

        warm()


algorithm = LinearLearner()

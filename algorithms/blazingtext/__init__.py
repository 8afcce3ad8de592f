"""BlazingText: word vectors and text classification, in fastText's own format.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/blazingtext.html
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from algorithms.blazingtext.data import CHANNELS
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.metrics import SPECS

if TYPE_CHECKING:
    from algorithms.blazingtext.model import FastTextModel
    from containers.job import TrainingJob
    from containers.reporting.metrics import Reporter
    from containers.settings import ServeSettings

#: AWS's name.
ALGORITHM = "blazingtext"


class BlazingText:
    """See `containers.algorithm.Algorithm`. numba is imported with the first data or model, not before."""

    name = ALGORITHM
    Hyperparameters = BlazingTextHyperparameters
    channels = CHANNELS
    metrics = SPECS
    multi_model = False

    def check(self, job: TrainingJob) -> Mapping[str, Any]:
        """Lines and words of each channel; its labels in supervised mode, its most frequent words in the others."""
        from algorithms.blazingtext.training import check

        return check(job)

    def fit(self, job: TrainingJob, report: Reporter) -> None:
        from algorithms.blazingtext.training import fit

        fit(job, report)

    def load(self, model_dir: Path, settings: ServeSettings) -> FastTextModel:
        from algorithms.blazingtext.model import FastTextModel

        return FastTextModel.load(model_dir)

    def warm(self) -> None:
        from algorithms.blazingtext.warm import warm

        warm()


algorithm = BlazingText()

"""A user's script as an algorithm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from containers.algorithm import Algorithm, ChannelSpec, Framework, MetricSpec
from containers.config import read_object
from containers.declaration import unquote
from containers.errors import UserError
from containers.script import program
from containers.settings import ServeSettings, Settings, TrainSettings

if TYPE_CHECKING:
    from containers.job import TrainingJob
    from containers.reporting.metrics import Reporter
    from containers.script.answering import ScriptModel

#: What begins with this is the platform's and is not passed to the script as an argument.
PREFIX = "sagemaker_"
TUNING_OBJECTIVE = "_tuning_objective_metric"


@dataclass(frozen=True)
class ScriptHyperparameters:
    """Whatever the user gives.

    Attributes
    ----------
    platform
        The names that begin with ``sagemaker_``.
    user
        All others, by which the script is called: values as JSON says them, and what is no JSON as text.
    internal
        What a tuner adds.
    """

    platform: Mapping[str, Any]
    user: Mapping[str, Any]
    internal: Mapping[str, str]

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        values = {name: _value(value) for name, value in raw.items() if name != TUNING_OBJECTIVE}
        return cls(
            {name: value for name, value in values.items() if name.startswith(PREFIX)},
            {name: value for name, value in values.items() if not name.startswith(PREFIX)},
            {name: unquote(value) for name, value in raw.items() if name == TUNING_OBJECTIVE},
        )


def _value(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value


class ScriptAlgorithm:
    """See `containers.algorithm.Algorithm`. Any hyperparameter and any channel will do.

    Parameters
    ----------
    algorithm
        The one whose place it takes.
    channels
        Names of the job's channels.
    """

    Hyperparameters = ScriptHyperparameters
    metrics: tuple[MetricSpec, ...] = ()
    multi_model = False  # the modules of two scripts would get in each other's way

    def __init__(self, algorithm: Algorithm, framework: Framework, channels: tuple[str, ...] = ()) -> None:
        self.name = algorithm.name
        self.framework = framework
        self.channels = tuple(ChannelSpec(name) for name in channels)

    def check(self, job: TrainingJob) -> Mapping[str, Any]:
        """The script and its arguments, and the channels; what is in the data only the script knows."""
        from containers.script.training import describe

        return describe(job)

    def fit(self, job: TrainingJob, report: Reporter) -> None:
        from containers.script.training import fit

        fit(self.framework, self.name, job)

    def load(self, model_dir: Path, settings: ServeSettings) -> ScriptModel:
        from containers.script.answering import ScriptModel

        return ScriptModel.load(self.framework, model_dir, settings)


def instead_of(algorithm: Algorithm, settings: Settings) -> Algorithm:
    """The script in the algorithm's place where the job or the environment names one, and otherwise the algorithm.

    Raises
    ------
    UserError
        The algorithm runs no scripts.
    """
    named, channels = settings.program, tuple[str, ...]()
    if isinstance(settings, TrainSettings):
        named = str(unquote(read_object(settings.config_dir / "hyperparameters.json").get(program.NAME, ""))) or named
        channels = tuple(read_object(settings.config_dir / "inputdataconfig.json"))
    if not named:
        return algorithm
    framework = getattr(algorithm, "framework", None)
    if framework is None:
        raise UserError(f"{program.NAME}: {algorithm.name} runs no scripts, got {named!r}")
    return cast(
        Algorithm, ScriptAlgorithm(algorithm, framework, channels)
    )  # but that it declares nothing and answers by itself

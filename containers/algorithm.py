"""What an algorithm is to a container: the interface, its declarations, and how one is found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from containers.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from containers.hyperparameters import Hyperparameters
    from containers.job import TrainingJob
    from containers.media import MediaType
    from containers.reporting.metrics import Reporter
    from containers.settings import ServeSettings

InputMode = Literal["File", "FastFile", "Pipe"]
ENTRY_POINT_GROUP = "drydock.algorithms"


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One channel an algorithm reads.

    Attributes
    ----------
    content_types
        Media types it can decode; the first is assumed where the job names none.
    """

    name: str
    required: bool = False
    content_types: tuple[str, ...] = ()
    input_modes: tuple[InputMode, ...] = ("File", "FastFile", "Pipe")


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric, as AWS names it and as its log line is written and found.

    Attributes
    ----------
    name
        AWS's name, such as ``validation:objective_loss``.
    line
        `str.format` template of the log line. `host` and `value` are always given; `epoch` and any other field are those
        passed to `Reporter.metric`.
    regex
        The expression AWS scrapes the line with; its first group is the value.
    direction
        ``Minimize``, ``Maximize``, or None for a metric that cannot be a tuning objective.
    per_epoch
        Whether the line carries the epoch. A name may be declared twice, once per epoch and once for the final model.
    """

    name: str
    line: str
    regex: str
    direction: Literal["Minimize", "Maximize"] | None = None
    per_epoch: bool = False


class Codec(Protocol):
    """Request bytes to what `Model.predict` takes, and its answer to response bytes. Raises `UserError` for bad requests.

    A codec may name in `in_kind`, a tuple, media types whose requests are answered in the same type, whatever they accept.
    """

    #: Media types, the first being the one assumed where a request names none.
    accepts: tuple[str, ...]
    #: Media types, the first being the one answered where a request accepts anything.
    returns: tuple[str, ...]

    def decode(self, body: bytes, content_type: MediaType) -> Any: ...

    def encode(self, predictions: Any, accept: MediaType) -> bytes: ...


class Model(Protocol):
    """A loaded model. `predict` is pure and thread-safe and does no I/O."""

    codec: Codec

    def predict(self, batch: Any) -> Any: ...


class Framework(Protocol):
    """What an algorithm offers to a user's script in its place; see `containers.script`.

    The functions serve for those that the script leaves out. They raise `UserError` for bad requests.
    """

    #: Directories of modules that scripts import under AWS's names.
    paths: tuple[Path, ...]

    def model_fn(self, model_dir: str) -> Any:
        """Load the model that a script has left."""
        ...

    def input_fn(self, body: bytes | str, content_type: str) -> Any:
        """The content of a request; CSV and JSON come as text."""
        ...

    def predict_fn(self, data: Any, model: Any) -> Any: ...

    def output_fn(self, prediction: Any, accept: str) -> tuple[bytes, str]:
        """The answer and its media type; `accept` is the header, or what is assumed without one."""
        ...


class Algorithm(Protocol):
    """What `train` and `serve` need of an algorithm; found through the entry-point group ``drydock.algorithms``.

    One that may also be used as a framework has an attribute `framework`, a `Framework`; one with loops for numba has a method
    `warm()` that compiles them, for images.
    """

    #: AWS's name, such as ``linear-learner``.
    name: str
    Hyperparameters: type[Hyperparameters]
    channels: tuple[ChannelSpec, ...]
    metrics: tuple[MetricSpec, ...]
    #: Whether several models may be served by one container under the multi-model API.
    multi_model: bool

    def check(self, job: TrainingJob) -> Mapping[str, Any]:
        """Read all data as `fit` would, without training. Returns what was found, per channel; raises `UserError`."""
        ...

    def fit(self, job: TrainingJob, report: Reporter) -> None:
        """Train and publish the model through `job.artifact()`; stop early, keeping the best model, when `job.stop` is set."""
        ...

    def load(self, model_dir: Path, settings: ServeSettings) -> Model:
        """Load what `fit` wrote. Files it did not write (`model.tar.gz`, `output.tar.gz`, strangers) are ignored."""
        ...


def names() -> list[str]:
    """Names of all installed algorithms, sorted."""
    return sorted(entry.name for entry in entry_points(group=ENTRY_POINT_GROUP))


def find(name: str) -> Algorithm:
    """The installed algorithm of that name.

    Raises
    ------
    UserError
        No algorithm of that name is installed; the message lists those that are.
    """
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.name == name:
            algorithm: Algorithm = entry.load()
            return algorithm
    raise UserError(f"unknown algorithm {name!r}{did_you_mean(name, names())}; installed: {', '.join(names()) or 'none'}")

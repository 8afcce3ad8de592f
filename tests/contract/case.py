"""What the suite has to know about an algorithm: a tiny problem with an obvious answer, in every format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

from containers.algorithm import Algorithm, find

#: Whatever the case makes of one: the suite slices and concatenates lists of them.
Example = Any
#: What came back for one example; equal answers compare equal, whatever format they came in.
Answer = Any


@dataclass(frozen=True)
class BadInput:
    """A job that has to fail, and what its reason has to say.

    Attributes
    ----------
    files
        The training channel, name to content; None for the sound examples of the case.
    hyperparameters
        Added to those of the case; None takes one away.
    content_type
        None where the job gives none.
    says
        Words of the reason, in this order: what, where and what was expected.
    """

    name: str
    says: tuple[str, ...]
    content_type: str | None
    files: Mapping[str, bytes] | None = None
    hyperparameters: Mapping[str, str | None] = field(default_factory=dict)
    input_mode: str = "File"
    environ: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Difference:
    """Where a declared hyperparameter deliberately differs from the table of AWS's facts."""

    theirs: Any
    ours: Any
    why: str


class Case(ABC):
    """One problem for one algorithm.

    Attributes
    ----------
    name
        What tests call it.
    algorithm_name
        AWS's name of the algorithm.
    facts
        Its name in the tables of AWS's facts.
    hyperparameters
        The least that a quick job needs.
    endless
        Hyperparameters that, added, keep a job training until it is stopped.
    unhurried
        Hyperparameters that, added, make at least 60 epochs, all of them.
    examples
        Channel to examples; all channels of the algorithm.
    quality, limit
        A metric of a channel, the best held-out one there is, and the value that is good enough.
    progress
        A metric that is told every epoch.
    elsewhere
        Metrics that no case reports; the algorithm's own tests do.
    objective
        A metric that a tuner may ask for.
    metric_fields
        What the lines of metrics name beside host, epoch and value.
    model_files, output_files
        Names of the files in the model directory and, beside the metrics and the report, in that of the output.
    resumes
        Whether a job that is started again goes on from its checkpoint.
    cuts_matter
        Whether the model depends on where the data are cut into files, as what is drawn at random may.
    environ
        Added to the environment of the jobs.
    bad_requests
        Content type, body, and words of the refusal.
    differences
        By hyperparameter and fact.
    """

    name: str
    algorithm_name: str
    facts: str
    hyperparameters: Mapping[str, str]
    endless: Mapping[str, str]
    unhurried: Mapping[str, str]
    examples: Mapping[str, Sequence[Example]]
    quality: str
    limit: float
    progress: str
    elsewhere: frozenset[str] = frozenset()
    objective: str
    metric_fields: Mapping[str, Any] = MappingProxyType({})
    model_files: frozenset[str]
    output_files: frozenset[str] = frozenset()
    resumes: bool = True
    cuts_matter: bool = False
    environ: Mapping[str, str] = MappingProxyType({})
    bad_inputs: Sequence[BadInput] = ()
    bad_requests: Sequence[tuple[str, bytes, tuple[str, ...]]] = ()
    differences: ClassVar[Mapping[tuple[str, str], Difference]] = {}

    def __str__(self) -> str:
        return self.name

    @property
    def algorithm(self) -> Algorithm:
        return find(self.algorithm_name)

    @property
    def content_types(self) -> tuple[str, ...]:
        """Of training data, the one assumed first; a case whose problem only some of them can hold says which."""
        return next(spec.content_types for spec in self.algorithm.channels if spec.required)

    @property
    def input_modes(self) -> tuple[str, ...]:
        """Of training data."""
        return next(spec.input_modes for spec in self.algorithm.channels if spec.required)

    @property
    def unseen(self) -> Sequence[Example]:
        """The examples that `quality` is measured on."""
        return self.examples[self.quality.partition(":")[0]]

    @abstractmethod
    def encode(self, examples: Sequence[Example], content_type: str) -> bytes:
        """A file of training data."""

    @abstractmethod
    def request(self, examples: Sequence[Example], content_type: str) -> bytes:
        """The body of a request for answers to the examples."""

    @abstractmethod
    def answers(self, body: bytes, content_type: str) -> list[Answer]:
        """The answers in the body of a response."""

    @abstractmethod
    def score(self, examples: Sequence[Example], answers: Sequence[Answer]) -> float:
        """The metric `quality` of some answers."""

    @abstractmethod
    def halves(self) -> tuple[Sequence[Example], Sequence[Example]]:
        """The training examples in two parts, neither of which is enough to learn the answer."""

    def check_tuned(self, log: str) -> None:  # noqa: B027 most have nothing to add
        """What is particular about the log of a job inside a tuning job."""

    def is_good(self, score: float) -> bool:
        """Whether a score reaches the limit."""
        direction = next(spec.direction for spec in self.algorithm.metrics if spec.name == self.quality)
        return score <= self.limit if direction == "Minimize" else score >= self.limit

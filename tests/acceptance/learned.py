"""Whether a model has learned its case."""

from pathlib import Path

from containers.media import MediaType
from containers.settings import ServeSettings
from tests.contract.case import Answer, Case


def formats(case: Case, directory: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The media types that a model reads and those it writes."""
    codec = case.algorithm.load(directory, ServeSettings.read({}, directory.parent)).codec
    return codec.accepts, codec.returns


def answers(case: Case, directory: Path) -> list[Answer]:
    """What the model in a directory says of the unseen examples; loaded here, as a model is good anywhere."""
    model = case.algorithm.load(directory, ServeSettings.read({}, directory.parent))
    sent, returned = MediaType.parse(model.codec.accepts[0]), MediaType.parse(model.codec.returns[0])
    predictions = model.predict(model.codec.decode(case.request(case.unseen, sent.name), sent))
    return case.answers(model.codec.encode(predictions, returned), returned.name)


def learned(case: Case, directory: Path) -> bool:
    """Whether a model directory holds a model that is good enough."""
    return case.is_good(case.score(case.unseen, answers(case, directory)))

"""BlazingText's notebooks: words that tell the label, and words in company."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from containers.media import CSV, JSON, JSONLINES
from tests.acceptance.notebooks import Prepared, Run

LINES = 2000
WORDS = [f"word{number}" for number in range(480)]
TOPICS = [WORDS[start : start + 120] for start in range(0, len(WORDS), 120)]
PRETRAINED = {"mode": "supervised"}


def prepare(run: Run, directory: Path) -> Prepared:
    given = dict(run.hyperparameters or PRETRAINED)
    supervised = given["mode"] == "supervised"
    channels = {name: directory / name for name in run.channels or ("train",)}
    for path in channels.values():
        path.mkdir()
        (path / path.name).write_text(invent(supervised))  # one object, called as its channel
    if not supervised:
        instances = [*WORDS, "wordy", "日本"]  # the last two are not in the text
        return Prepared(channels, given, as_json(instances), lambda answer: check_vectors(answer, instances), JSON)
    instances = [" ".join(topic) for topic in TOPICS]
    if "instances" in run.request:
        body = as_json(instances, run.request["configuration"])
        return Prepared(channels, given, body, lambda answer: check_labels(json.loads(answer), 2), JSON)
    assert "text/csv in, application/jsonlines out" in run.request["note"]
    body = "".join(f"{instance}\n" for instance in instances).encode()
    lines = lambda answer: check_labels([json.loads(line) for line in answer.splitlines()], 1)  # noqa: E731
    return Prepared(channels, given, body, lines, CSV, JSONLINES)


def as_json(instances: list[str], configuration: Mapping[str, object] | None = None) -> bytes:
    """A request as the SDK's predictor of a notebook writes it."""
    return json.dumps({"instances": instances} | ({"configuration": configuration} if configuration else {})).encode()


def check_labels(answers: list[Mapping[str, list]], k: int) -> None:
    assert len(answers) == len(TOPICS)
    for answer in answers:
        assert len(answer["label"]) == len(answer["prob"]) == k
        assert {label.removeprefix("__label__") for label in answer["label"]} <= {str(n) for n in range(len(TOPICS))}
        assert answer["prob"] == sorted(answer["prob"], reverse=True)


def check_vectors(answer: bytes, instances: list[str]) -> None:
    answers = json.loads(answer)
    assert [each["word"] for each in answers] == instances
    assert [each["word"] for each in answers if not np.linalg.norm(each["vector"])] == []  # all have subwords


def invent(supervised: bool) -> str:
    """Lines of ten words of one topic, with a label in front if need be."""
    rng, lines = random.Random(0), []
    for _ in range(LINES):
        number = rng.randrange(len(TOPICS))
        words = rng.choices(TOPICS[number], k=10)
        lines.append(" ".join([f"__label__{number}", *words] if supervised else words) + "\n")
    return "".join(lines)

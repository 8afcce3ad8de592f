"""BlazingText: words that share their neighbours the more, the more alike people find them; topics that their words tell."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from algorithms.blazingtext.evaluation import evaluate, pairs
from containers.media import CSV, JSON, JSONLINES, RECORDIO
from tests.contract.case import BadInput, Case

TEXT = "text/plain"
#: Pairs of words, and the words of a line.
PAIRS, LENGTH = 40, 11


class Line(NamedTuple):
    """Words, and the label in front of them, if there is one. In a request the words are one instance."""

    words: str
    label: int | None = None


class BlazingTextCase(Case):
    """What both kinds of model have in common."""

    algorithm_name = "blazingtext"
    facts = "blazingtext"
    environ: Mapping[str, str] = {"DRYDOCK_THREADS": "1"}  # which gives the same model again
    endless: Mapping[str, str] = {"epochs": "1000000"}
    unhurried: Mapping[str, str] = {"epochs": "60"}
    progress = "train:loss"
    resumes = False
    cuts_matter = True

    def encode(self, examples: Sequence[Line], content_type: str) -> bytes:
        if content_type == JSONLINES:
            return _json_lines({"source": words, "label": label} for words, label in examples)
        return "".join(words + "\n" if label is None else f"__label__{label} {words}\n" for words, label in examples).encode()

    def request(self, examples: Sequence[Line], content_type: str) -> bytes:
        match content_type:
            case "application/json":
                return orjson.dumps({"instances": [words for words, _ in examples]})
            case "application/jsonlines":
                return _json_lines({"source": words} for words, _ in examples)
        return "".join(f"{words}\n" for words, _ in examples).encode()

    def answers(self, body: bytes, content_type: str) -> list[dict[str, Any]]:
        return orjson.loads(body) if content_type == JSON else [orjson.loads(line) for line in body.splitlines()]

    def halves(self) -> tuple[list[Line], list[Line]]:
        lines = sorted(self.examples["train"])  # by their first words: each half knows half of these
        return lines[: len(lines) // 2], lines[len(lines) // 2 :]


class WordVectorsCase(BlazingTextCase):
    """One mode of word vectors."""

    content_types = (TEXT, CSV)
    quality = objective = "train:mean_rho"
    limit = 0.6
    model_files = frozenset({"vectors.txt", "vectors.bin", "eval.json"})

    def __init__(self, mode: str, **hyperparameters: str) -> None:
        self.name = mode
        self.hyperparameters = {
            "mode": mode, "vector_dim": "16", "min_count": "1", "sampling_threshold": "1", "epochs": "10", **hyperparameters,
        }  # fmt: skip
        self.examples = {"train": [Line(words) for words, _ in _lines(600)]}
        self.bad_inputs, self.bad_requests = BAD_TEXT, BAD_REQUESTS

    @property
    def unseen(self) -> list[Line]:
        """The words of which people have said how alike they are."""
        return [Line(word) for first, second, _ in _pairs() for word in (first, second)]

    def score(self, examples: Sequence[Line], answers: Sequence[dict[str, Any]]) -> float:
        vectors = {line.words: answer["vector"] for line, answer in zip(examples, answers, strict=True)}
        return evaluate(list(vectors), lambda words: np.array([vectors[word] for word in words], np.float32))["mean_rho"]


class SupervisedCase(BlazingTextCase):
    """The classifier."""

    name = "supervised"
    content_types = (TEXT, JSONLINES)
    quality = objective = "validation:accuracy"
    limit = 0.95
    model_files = frozenset({"model.bin"})
    hyperparameters: Mapping[str, str] = {
        "mode": "supervised", "vector_dim": "16", "min_count": "1", "learning_rate": "0.5", "buckets": "1000",
    }  # fmt: skip

    def __init__(self) -> None:
        lines = _lines(800)
        self.examples = {"train": lines[:600], "validation": lines[600:]}
        self.bad_inputs = BAD_LINES

    def score(self, examples: Sequence[Line], answers: Sequence[dict[str, Any]]) -> float:
        expected = [[f"__label__{line.label}"] for line in examples]
        return float(np.mean([answer["label"] == label for answer, label in zip(answers, expected, strict=True)]))


def _pairs() -> list[tuple[str, str, float]]:
    """Pairs of WS-353, none of whose words comes twice, and how alike they are, from 0 to 10."""
    chosen: dict[str, tuple[str, str, float]] = {}
    for first, second, likeness in pairs():
        words = {first.lower(), second.lower()}
        if len(words) == 2 and words.isdisjoint(chosen):
            chosen |= dict.fromkeys(words, (first.lower(), second.lower(), likeness))
    return list(dict.fromkeys(chosen.values()))[:PAIRS]


def _lines(count: int) -> list[Line]:
    """A word of a pair, and neighbours that are its own or the pair's; the pairs are shared out among three labels."""
    rng, chosen, lines = random.Random(7), _pairs(), []
    for _ in range(count):
        number = rng.randrange(PAIRS)
        first, second, likeness = chosen[number]
        word = rng.choice((first, second))
        owners = [f"{first}-{second}" if rng.random() * 10 < likeness else f"{word}-" for _ in range(1, LENGTH)]
        lines.append(Line(" ".join([word, *(f"{owner}{rng.randrange(3)}" for owner in owners)]), number % 3))
    return lines


def _json_lines(rows: Iterable[Mapping[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _text(name: str, content: bytes, *says: str, **hyperparameters: str) -> BadInput:
    return BadInput(name, says, TEXT, {"lines.txt": content}, hyperparameters)


def _manifest(name: str, line: bytes, *says: str) -> BadInput:
    """An augmented manifest whose second line is bad."""
    content = b'{"source": "good", "label": 1}\n' + line + b"\n"
    return BadInput(name, ("train/lines.jsonl line 2", *says), JSONLINES, {"lines.jsonl": content})


BAD_TEXT = (
    _text("no word is frequent", b"a b c\na b\n", "5 times or more", "5 words, 3 different", min_count="5"),
    _text("a single word", b"word\nword\n", "two different words", "'word'"),
    _text("not UTF-8", b"good\ncaf\xe9 noir\n", "train/lines.txt line 2 byte 4", "expected UTF-8, got 0xe9"),
    _text("subwords of no length", b"a b\n", "min_char: expected an integer <= max_char", "got 4", min_char="4", max_char="3"),
    _text("vectors of no length", b"a b\n", "vector_dim: expected an integer >= 1, got '0'", vector_dim="0"),
    BadInput("an augmented manifest", ("channel 'train'", "'supervised' only", "'batch_skipgram'"), JSONLINES, {"lines": b""}),
)  # fmt: skip
BAD_LINES = (
    _text("a line without label", b"__label__1 good\nnone here\n", "train/lines.txt line 2", "'__label__'", "'none here'"),
    _text("a label without name", b"__label__1 good\n__label__ bad\n", "train/lines.txt line 2", "a name behind '__label__'"),
    _text("nothing to stop by", b"__label__1 good\n", "early_stopping: needs the channel 'validation'", early_stopping="True"),
    _manifest("no JSON", b"__label__1 good", "not JSON"),
    _manifest("half a label", b'{"source": "bad", "label": 0.5}', "label: expected an integer", "0.5"),
    BadInput("records without attributes", ("channel 'train'", "AttributeNames source, label"), RECORDIO, {"lines": b""}),
)  # fmt: skip
BAD_REQUESTS = (
    (TEXT, b"caf\xe9\n", ("expected UTF-8", "0xe9 at byte 4")),
    (JSON, b"nonsense", ("not JSON",)),
    (JSON, b'{"instances": []}', ("at least one instance",)),
    (JSON, b'{"sources": ["word"]}', ('expected {"instances"', "sources")),
    (JSON, b'{"instances": ["word", 7]}', ("instances[1]: expected a string", "7")),
    (JSON, b'{"instances": ["word"], "configuration": {"k": 0}}', ("configuration: k: expected an integer >= 1", "0")),
    (JSONLINES, b'{"source": "word"}\n{"text": "word"}\n', ("line 2", 'expected {"source"', "text")),
    (JSONLINES, b'{"source": "word", "k": "two"}\n', ("line 1", "k: expected an integer >= 1", "'two'")),
)
CASES = (WordVectorsCase("batch_skipgram"), SupervisedCase())

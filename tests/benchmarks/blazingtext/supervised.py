"""The classifier against fastText's command line: whole processes, from start-up to the model file, and what they learnt.

Both get the same text and hyperparameters. fastText judges both models, so that the files are compared, too.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.blazingtext.command_line import fasttext
from tests.data import ROOT

ROUNDS = 3
EPOCHS = 10
#: Ours, and fastText's option for the same.
SETTINGS: tuple[tuple[str, str, object], ...] = (
    ("learning_rate", "-lr", 0.5),
    ("epochs", "-epoch", EPOCHS),
    ("vector_dim", "-dim", 100),
    ("word_ngrams", "-wordNgrams", 2),
    ("buckets", "-bucket", 2_000_000),
    ("min_count", "-minCount", 1),
)
#: What the log says of the epochs alone.
THROUGHPUT = re.compile(r"Average throughput in Million words/sec: (\S+)")


@dataclass(frozen=True)
class Text:
    """Lines for training and for judging, each a label and words."""

    train: list[str]
    test: list[str]


def ag_news() -> Text:
    """Four topics of news; 10,001 of the 120,000 lines for training, and all for judging."""
    return Text(_tsv("ag_news/train10k.tsv.gz"), _tsv("ag_news/test.tsv.gz"))


def sst2() -> Text:
    """Praise or blame in phrases of film reviews."""
    return Text(_tsv("sst2/train.tsv.gz")[1:], _tsv("sst2/test.tsv.gz")[1:])


def dbpedia14k() -> Text:
    """Fourteen kinds of things; each fifth line judges."""
    with gzip.open(ROOT / "dbpedia14k" / "train.csv.gz", "rt", encoding="utf-8") as file:
        lines = [_line(*line.split(",", 1)) for line in file]
    return Text([line for number, line in enumerate(lines) if number % 5], lines[::5])


ALL: dict[str, Callable[[], Text]] = {make.__name__: make for make in (ag_news, sst2, dbpedia14k)}


def _tsv(name: str) -> list[str]:
    with gzip.open(ROOT / name, "rt", encoding="utf-8") as file:
        return [_line(*reversed(line.rstrip("\n").rsplit("\t", 1))) for line in file]


def _line(label: str, text: str) -> str:
    return f"__label__{label.replace(' ', '_')} {' '.join(text.split())}\n"


@dataclass
class Contest:
    """Both trainers on one text, in a directory, with some number of threads."""

    directory: Path
    text: Text
    threads: int
    throughputs: list[float] = field(default_factory=list)
    accuracies: dict[str, list[float]] = field(default_factory=lambda: {"ours": [], "theirs": []})

    def __post_init__(self) -> None:
        config = self.directory / "input" / "config"
        for directory in (self.train_file.parent, config):
            directory.mkdir(parents=True, exist_ok=True)
        self.train_file.write_text("".join(self.text.train), "utf-8")
        (self.directory / "test.txt").write_text("".join(self.text.test), "utf-8")
        values = {"mode": "supervised", **{name: str(value) for name, _, value in SETTINGS}}
        (config / "hyperparameters.json").write_text(json.dumps(values))
        (config / "inputdataconfig.json").write_text(json.dumps({"train": {"TrainingInputMode": "File"}}))

    @property
    def train_file(self) -> Path:
        return self.directory / "input" / "data" / "train" / "train.txt"

    @property
    def words(self) -> int:
        """All that is learnt from: words, labels and ends of lines, in all epochs."""
        return EPOCHS * sum(len(line.split()) + 1 for line in self.text.train)

    def ours(self) -> float:
        command = [sys.executable, "-m", "containers.train", "--algorithm", "blazingtext", "--root", str(self.directory)]
        environment = os.environ | {"DRYDOCK_REPORT": "off", "DRYDOCK_THREADS": str(self.threads)}
        log: list[str] = []
        seconds = peers.clock(lambda: log.append(subprocess.check_output(command, env=environment, text=True)))
        self.throughputs += [float(value) * 1e6 for value in THROUGHPUT.findall(log[0])]
        self.accuracies["ours"].append(self._accuracy(self.directory / "model" / "model.bin"))
        return seconds

    def theirs(self) -> float:
        files: list[str | Path] = ["-input", self.train_file, "-output", self.directory / "theirs"]
        options = [word for _, option, value in SETTINGS for word in (option, str(value))]
        command = [fasttext(), "supervised", *files, *options, "-thread", str(self.threads), "-verbose", "0"]
        seconds = peers.clock(lambda: subprocess.check_output(command))
        self.accuracies["theirs"].append(self._accuracy(self.directory / "theirs.bin"))
        return seconds

    def _accuracy(self, model: Path) -> float:
        """As fastText predicts with the model, which is removed."""
        said = subprocess.check_output([fasttext(), "predict", model, self.directory / "test.txt"], text=True).split()
        model.unlink()
        return statistics.fmean(a == line.split()[0] for a, line in zip(said, self.text.test, strict=True))


def measure() -> list[Mapping[str, str]]:
    """One row a data set and number of threads: words per second of whole processes, and of our epochs alone; accuracy."""
    rows: list[Mapping[str, str]] = []
    for name, make in ALL.items():
        for threads in sorted({1, os.cpu_count() or 1}):
            with tempfile.TemporaryDirectory() as directory:
                contest = Contest(Path(directory), make(), threads)
                seconds = peers.in_turn(ROUNDS, ours=contest.ours, theirs=contest.theirs)
            ratios = [b / a for a, b in zip(seconds["ours"].values, seconds["theirs"].values, strict=True)]
            ours, theirs = (statistics.fmean(contest.accuracies[who]) for who in ("ours", "theirs"))
            rows.append(
                {
                    "data": name,
                    "threads": str(threads),
                    "words/s": seconds["ours"].per(contest.words).format(),
                    "fastText": seconds["theirs"].per(contest.words).format(),
                    "ratio": peers.Sample(ratios).format(2),
                    "epochs alone": peers.Sample(contest.throughputs[1:]).format(),
                    "accuracy": f"{ours:.2%}",
                    "fastText's": f"{theirs:.2%}",
                }
            )
    return rows

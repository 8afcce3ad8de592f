"""Word vectors against gensim and fastText's command line: the epochs alone, and how well the vectors agree with people.

All get the same text and hyperparameters. gensim reads lists of words from memory, fastText and we the file.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import statistics
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from algorithms.blazingtext import wordvectors
from algorithms.blazingtext.corpus import Corpus
from algorithms.blazingtext.hyperparameters import WORD_VECTOR_MODES, BlazingTextHyperparameters
from containers.channels import Part
from tests.benchmarks import peers
from tests.benchmarks.blazingtext.command_line import fasttext
from tests.data import ROOT

ROUNDS = 3
EPOCHS = 2
LINE = 1000
ARGUMENTS = {"vector_dim": 100, "window_size": 5, "negative_samples": 5, "sampling_threshold": 1e-4, "learning_rate": 0.05}
#: The last of what fastText says of its progress.
SPEED = re.compile(rb"words/sec/thread: +(\d+)")


def text() -> list[list[str]]:
    """English Wikipedia after text8's recipe, 2.9 million words, in lines of 1,000."""
    words = gzip.decompress((ROOT / "wiki_en" / "text8_style_17m.txt.gz").read_bytes()).decode().split()
    return [words[start : start + LINE] for start in range(0, len(words), LINE)]


def pairs() -> list[tuple[str, str, float]]:
    """WordSim-353: two words, and how similar people find them."""
    lines = gzip.decompress((ROOT / "wordsim" / "wordsim353.tsv.gz").read_bytes()).decode().lower().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [(first, second, float(score)) for first, second, score in rows]


def agreement(words: Sequence[str], vectors: NDArray[np.float32], judged: list[tuple[str, str, float]]) -> float:
    """Spearman's rank correlation of cosines with people's judgements, over the pairs of known words."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    number = {word: i for i, word in enumerate(words)}
    known = [(unit[number[a]] @ unit[number[b]], score) for a, b, score in judged if a in number and b in number]
    return float(spearmanr(*zip(*known, strict=True))[0])


@dataclass
class Contest:
    """The trainers in one mode, with some number of threads; each returns the seconds of its epochs."""

    lines: list[list[str]]
    file: Path
    mode: str
    threads: int
    rho: dict[str, list[float]] = field(default_factory=lambda: {"ours": [], "gensim": [], "fasttext": []})

    def __post_init__(self) -> None:
        self.words = EPOCHS * sum(map(len, self.lines))
        self._judged = pairs()

    def ours(self) -> float:
        content = self.file.read_bytes()
        found = wordvectors.train(
            Corpus(lambda _: iter([Part("text", io.BytesIO(content))])),
            BlazingTextHyperparameters(mode=self.mode, epochs=EPOCHS, **ARGUMENTS),
            threads=self.threads,
            seed=len(self.rho["ours"]),
            stop=threading.Event(),
        )
        self.rho["ours"].append(agreement(found.vocabulary.words, found.input, self._judged))
        return EPOCHS * int(found.vocabulary.counts.sum()) / found.words_per_second

    def gensim(self) -> float:
        from gensim.models import Word2Vec

        model = Word2Vec(
            vector_size=100, window=5, negative=5, sample=1e-4, alpha=0.05, min_count=5,
            sg=int(self.mode != "cbow"), workers=self.threads, epochs=EPOCHS, seed=1 + len(self.rho["gensim"]),
        )  # fmt: skip
        model.build_vocab(self.lines)
        seconds = peers.clock(lambda: model.train(self.lines, total_examples=len(self.lines), epochs=EPOCHS))
        self.rho["gensim"].append(agreement(model.wv.index_to_key, model.wv.vectors, self._judged))
        return seconds

    def fasttext(self) -> float:
        mode, output = "cbow" if self.mode == "cbow" else "skipgram", self.file.with_suffix("")
        command = [fasttext(), mode, "-input", self.file, "-output", output, "-thread", str(self.threads)]
        options = {"dim": 100, "ws": 5, "neg": 5, "t": 1e-4, "lr": 0.05, "epoch": EPOCHS, "minCount": 5, "maxn": 0}
        command += [word for name, value in options.items() for word in (f"-{name}", str(value))]
        said = subprocess.run(command, check=True, capture_output=True)
        with output.with_suffix(".vec").open(encoding="utf-8") as file:
            next(file)
            rows = [line.split() for line in file]
        vectors = np.array([row[1:] for row in rows], np.float32)
        self.rho["fasttext"].append(agreement([row[0] for row in rows], vectors, self._judged))
        return self.words / (self.threads * float(SPEED.findall(said.stderr or said.stdout)[-1]))


def measure() -> list[Mapping[str, str]]:
    """One row a mode and number of threads: words per second, their ratios round by round, and the agreement with people."""
    rows: list[Mapping[str, str]] = []
    lines = text()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "text.txt"
        file.write_text("".join(" ".join(line) + "\n" for line in lines), "utf-8")
        for mode in WORD_VECTOR_MODES:
            for threads in sorted({1, os.cpu_count() or 1}):
                contest = Contest(lines, file, mode, threads)
                seconds = peers.in_turn(ROUNDS, ours=contest.ours, gensim=contest.gensim, fasttext=contest.fasttext)
                ours = seconds["ours"].values
                rows.append(
                    {
                        "mode": mode,
                        "threads": str(threads),
                        "words/s": seconds["ours"].per(contest.words).format(),
                        "gensim": seconds["gensim"].per(contest.words).format(),
                        "ratio": _ratio(seconds["gensim"].values, ours),
                        "fastText": seconds["fasttext"].per(contest.words).format(),
                        "its ratio": _ratio(seconds["fasttext"].values, ours),
                        **{f"rho, {who}": f"{statistics.fmean(values):.3f}" for who, values in contest.rho.items()},
                    }
                )
    return rows


def _ratio(theirs: Sequence[float], ours: Sequence[float]) -> str:
    return peers.Sample([a / b for a, b in zip(theirs, ours, strict=True)]).format(2)

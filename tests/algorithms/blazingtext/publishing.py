"""Jobs and trained models for the tests of what is published, without training."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext import algorithm
from algorithms.blazingtext.corpus import Corpus
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.vocabulary import Vocabulary
from containers.channels import Channel, Part
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter
from containers.settings import TrainSettings


@dataclass(frozen=True)
class Trained:
    """Word vectors as training leaves them."""

    vocabulary: Vocabulary
    input: NDArray[np.float32]
    output: NDArray[np.float32]


def corpus(text: str, supervised: bool = False) -> Corpus:
    return Corpus(lambda _: iter([Part("train/a", io.BytesIO(text.encode()))]), whole_lines=supervised)


def vocabulary(text: str, supervised: bool = False) -> Vocabulary:
    return Vocabulary.build(corpus(text, supervised), 1, supervised=supervised)


def random_vectors(text: str, dim: int, buckets: int = 0) -> Trained:
    rng = np.random.default_rng(0)
    words = vocabulary(text)
    shapes = (len(words) + buckets, dim), (len(words), dim)
    return Trained(words, *(rng.normal(size=shape).astype(np.float32) for shape in shapes))


def make_job(root: Path, report: bool = True, files: Mapping[str, str] | None = None, **values: Any) -> TrainingJob:
    """A job whose channels hold the files, channel to text."""
    channels = {}
    for name, text in (files or {}).items():
        path = root / "input" / "data" / name
        path.mkdir(parents=True)
        (path / "a.txt").write_text(text, "utf-8")
        channels[name] = Channel(name, path)
    return TrainingJob(
        name="job",
        hyperparameters=BlazingTextHyperparameters.parse({name: str(value) for name, value in values.items()}),
        channels=channels,
        hosts=Hosts(),
        settings=TrainSettings(root=root, report=report, environ={"DRYDOCK_THREADS": "1"}),
    )


def reported(job: TrainingJob, publish: Any) -> dict[str, Any]:
    """What is reported while `publish` is called with a reporter: name to the last value."""
    with Reporter(algorithm, "algo-1", job.output_dir) as report:
        publish(report)
    rows = [json.loads(line) for line in (job.output_dir / "metrics.jsonl").read_text().splitlines()]
    return {row["name"]: row["value"] for row in rows}

"""All loops that numba compiles, compiled ahead: a small job in every mode, and what is served."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from algorithms.blazingtext import ALGORITHM
from algorithms.blazingtext.codec import Request
from algorithms.blazingtext.fasttext import Binary, Quantised
from algorithms.blazingtext.fasttext.arguments import HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX
from algorithms.blazingtext.fasttext.matrices import CENTROIDS, Matrix
from algorithms.blazingtext.hyperparameters import SUBWORD_MODES, SUPERVISED, WORD_VECTOR_MODES
from algorithms.blazingtext.model import MODEL_FILE, FastTextModel
from containers.algorithm import find
from containers.channels import Channel
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter
from containers.settings import TrainSettings

LINES = "__label__1 the moon\n__label__2 a wave\n"
SMALL = {"vector_dim": "2", "min_count": "1", "buckets": "10", "epochs": "1", "evaluation": "False"}


def warm() -> None:
    """Train in every mode, then answer a request by each model, and by every kind that fastText makes.

    What is compiled depends on the types of arguments, and on whether arrays may be written to: so all goes the usual way.
    """
    with TemporaryDirectory() as name:
        root = Path(name)
        for mode in WORD_VECTOR_MODES:
            _answer(_trained(root / mode, mode=mode, subwords=str(mode in SUBWORD_MODES)))
        directory = _trained(root / SUPERVISED, mode=SUPERVISED, early_stopping="True")
        _answer(directory)
        path = directory / MODEL_FILE
        for foreign in list(_foreign(Binary.read(path))):
            foreign.write(path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
            _answer(directory)


def _trained(root: Path, **hyperparameters: str) -> Path:
    """The model directory of a job on a few lines."""
    channels = {}
    for name in ("train", "validation") if hyperparameters["mode"] == SUPERVISED else ("train",):
        path = root / "input" / "data" / name
        path.mkdir(parents=True)
        (path / "lines").write_text(LINES)
        channels[name] = Channel(name, path)
    algorithm = find(ALGORITHM)
    job = TrainingJob(
        name="warm",
        hyperparameters=algorithm.Hyperparameters.parse(SMALL | hyperparameters),
        channels=channels,
        hosts=Hosts(),
        settings=TrainSettings(root=root, report=False),
    )
    with Reporter(algorithm, "algo-1", None) as report:
        algorithm.fit(job, report)
    return job.model_dir


def _answer(directory: Path) -> None:
    FastTextModel.load(directory).predict(Request(["moon"], [1]))


def _foreign(binary: Binary) -> Iterator[Binary]:
    """Classifiers with every loss, the input matrix, or both, quantised or not."""
    input, output = _quantised(binary.input), _quantised(binary.output)
    for loss in SOFTMAX, NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX:
        args = binary.args._replace(loss=loss)
        yield replace(binary, args=args)
        yield replace(binary, args=args, input=input)
        yield replace(binary, args=args, input=input, output=output)


def _quantised(matrix: Matrix) -> Quantised:
    """A matrix of that shape, all zero."""
    rows, width = matrix.shape
    centroids = np.zeros(width * CENTROIDS, np.float32)
    return Quantised(width, 1, np.zeros((rows, width), np.uint8), centroids, np.empty(0, np.uint8), np.empty(0, np.float32))

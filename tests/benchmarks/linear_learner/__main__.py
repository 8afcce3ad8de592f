"""Linear Learner against scikit-learn, and its server against a plain Flask route.

    python -m tests.benchmarks.linear_learner [training] [quality] [serving]

reads the data sets under DRYDOCK_DATA and prints Markdown tables; `make bench-linear-learner` runs all three.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import recordio
from algorithms.linear_learner import algorithm
from algorithms.linear_learner.model import LinearModel
from containers.batch import Batch
from containers.job import read_job
from containers.reporting.metrics import Reporter
from containers.settings import TrainSettings
from containers.stop import Stop
from tests import environment
from tests.benchmarks import datasets, peers, serving
from tests.benchmarks.datasets import Split

REQUIREMENTS = ["numpy>=2", "scikit-learn>=1.7,<2"]
ROUNDS = 3
PEER = Path(__file__).with_name("peer.py")


def write_job(root: Path, data: Split, **hyperparameters: object) -> Path:
    """A job of one host that trains on `data` as RecordIO-protobuf in File mode."""
    config = root / "input" / "config"
    config.mkdir(parents=True)
    channel = root / "input" / "data" / "train"
    channel.mkdir(parents=True)
    recordio.write(channel / "train.pbr", data.x, data.y)
    values: dict[str, object] = {"predictor_type": data.predictor_type, **hyperparameters}
    if data.predictor_type == "multiclass_classifier":
        values["num_classes"] = data.classes
    (config / "hyperparameters.json").write_text(json.dumps({name: str(value) for name, value in values.items()}))
    (config / "inputdataconfig.json").write_text(json.dumps({"train": {"TrainingInputMode": "File"}}))
    return root


def fit(root: Path) -> tuple[float, float]:
    """Run a job in this process: seconds of all of it, reading to report, and of its epochs alone."""
    job = read_job(algorithm, TrainSettings.read({}, root), Stop())
    begin = time.perf_counter()
    with Reporter(algorithm, "algo-1", job.output_dir) as report:
        algorithm.fit(job, report)
    whole = time.perf_counter() - begin
    lines = [json.loads(line) for line in (job.output_dir / "metrics.jsonl").read_text().splitlines()]
    return whole, sum(1 / line["value"] for line in lines if line["name"] == "train:throughput")


def training(directory: Path) -> str:
    """Seconds for 32 models and 15 epochs of MNIST, next to one SGDClassifier."""
    rows = []
    python = environment.interpreter("bench-linear-learner", REQUIREMENTS)
    for data in (datasets.mnist(only=0), datasets.mnist()):
        save(directory, data)
        root = write_job(directory / f"job-{data.name}", data, early_stopping_patience=15)
        whole: list[float] = []

        def ours(root: Path = root, data: Split = data, whole: list[float] = whole) -> float:
            total, per_row = fit(root)
            whole.append(total)
            return per_row * len(data.x)

        with peers.Peer(python, PEER, directory) as peer:
            seconds = peers.in_turn(ROUNDS, ours=ours, peer=lambda name=data.name: peer.seconds(name))  # type: ignore[misc]
        pairs = list(zip(seconds["ours"].values, whole[1:], seconds["peer"].values, strict=True))
        rows.append(
            {
                "labels": data.name,
                "32 models, 15 epochs, s": seconds["ours"].format(2),
                "the whole job, s": peers.Sample(whole[1:]).format(2),
                "one SGDClassifier, s": seconds["peer"].format(2),
                "ratio": peers.Sample([a / c for a, _, c in pairs]).format(2),
                "ratio of the whole job": peers.Sample([b / c for _, b, c in pairs]).format(2),
            }
        )
    return peers.table(rows)


def quality(directory: Path) -> str:
    """What default hyperparameters reach on held-out rows."""
    splits = [make() for make in datasets.ALL.values()]
    for data in splits:
        save(directory, data)
    python = environment.interpreter("bench-linear-learner", REQUIREMENTS)
    command = [python, "-W", "ignore", PEER, directory, *(data.name for data in splits)]
    peer: Mapping[str, Mapping[str, float]] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    rows = []
    for data in splits:
        root = write_job(directory / f"job-default-{data.name}", data)
        fit(root)
        for name, value in measured(LinearModel.load(root / "model"), data).items():
            reference = peer[data.name][name]
            row = {"data": data.name, "measure": name, "ours": f"{value:.4f}", "scikit-learn": f"{reference:.4f}"}
            compared = f"{value / reference:.4f} ×" if name == "rmse" else f"{value - reference:+.4f}"
            rows.append(row | {"ours against it": compared})
    return peers.table(rows)


def measured(model: LinearModel, data: Split) -> dict[str, float]:
    """Accuracy and area under the ROC curve, or the root mean squared error, of a model on the held-out rows."""
    from sklearn.metrics import roc_auc_score

    answers = model.predict(Batch(data.x_test)).columns
    scores = answers["score"].astype(np.float64)
    if data.predictor_type == "regressor":
        return {"rmse": float(np.sqrt(np.mean((scores - data.y_test) ** 2)))}
    shares = scores / scores.sum(axis=1, keepdims=True) if scores.ndim == 2 else scores
    area = roc_auc_score(data.y_test, shares, multi_class="ovr")
    return {"accuracy": float(np.mean(answers["predicted_label"] == data.y_test)), "auc": float(area)}


def serve(directory: Path) -> str:
    """One CSV row of thirty features at a time."""
    from sklearn.datasets import load_breast_cancer

    x, y = (np.asarray(part, np.float32) for part in load_breast_cancer(return_X_y=True))
    root = write_job(directory / "job-serve", Split("breast_cancer", "binary_classifier", x, y, x, y))
    fit(root)
    return serving.compare(root, "linear-learner", features=30)


def save(directory: Path, data: Split) -> None:
    """Put the arrays where the peer finds them."""
    arrays = {"x": data.x, "y": data.y, "x_test": data.x_test, "y_test": data.y_test}
    np.savez(directory / f"{data.name}.npz", regressor=data.predictor_type == "regressor", **arrays)


def main() -> None:
    logging.disable(logging.WARNING)
    parts = {"training": training, "quality": quality, "serving": serve}
    for name in sys.argv[1:] or parts:
        with tempfile.TemporaryDirectory() as directory:
            print(f"## {name}\n\n{parts[name](Path(directory))}\n", flush=True)
    print(peers.machine())


if __name__ == "__main__":
    main()

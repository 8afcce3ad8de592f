"""Linear Learner in this process: whole trainings on arrays, and bare networks taking full-batch steps."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import recordio
from algorithms.linear_learner import algorithm
from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.model import LinearModel
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.setup import Sample, architecture, look
from algorithms.training.cluster import Cluster
from containers.batch import Batch
from containers.channels import Channel
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.media import RECORDIO, MediaType
from containers.reporting.metrics import Reporter
from containers.settings import TrainSettings
from containers.stop import Stop

Data = tuple[Any, NDArray]


def parse(predictor_type: str = "regressor", **values: Any) -> LinearLearnerHyperparameters:
    """Hyperparameters as a job sends them: as strings."""
    raw = {"predictor_type": predictor_type, **{name: str(value) for name, value in values.items()}}
    return LinearLearnerHyperparameters.parse(raw)


@dataclass(frozen=True)
class Fitted:
    """What a training left."""

    root: Path
    model: LinearModel

    @property
    def weights(self) -> NDArray:
        """shape: (features,), or (features, outputs) for several outputs."""
        return np.squeeze(self.model.weights, axis=1) if self.model.description.outputs == 1 else self.model.weights

    @property
    def bias(self) -> float:
        (bias,) = self.model.bias
        return float(bias)

    @property
    def selected(self) -> dict[str, Any]:
        return self.model.description.selected

    def scores(self, x: Any) -> NDArray:
        return self.model.predict(Batch(x)).columns["score"]

    def said(self, x: Any) -> NDArray:
        return self.model.predict(Batch(x)).columns["predicted_label"]

    def metric(self, name: str) -> float:
        """A metric of the final model."""
        return self.model.description.metrics[name]

    def epochs(self, name: str) -> list[float]:
        """A metric of every epoch."""
        lines = [json.loads(line) for line in (self.root / "output" / "data" / "metrics.jsonl").read_text().splitlines()]
        return [line["value"] for line in lines if line["name"] == name and line["epoch"] is not None]


def write_channel(root: Path, name: str, data: Data) -> None:
    """Write RecordIO-protobuf where the job's channel of that name is looked for."""
    path = root / "input" / "data" / name / "data.pbr"
    path.parent.mkdir(parents=True, exist_ok=True)
    recordio.write(path, *data)


def fit(
    root: Path,
    train: Data,
    *,
    validation: Data | None = None,
    test: Data | None = None,
    checkpoints: Path | None = None,
    cache_megabytes: int | None = None,
    tuning: str | None = None,
    stop: Stop | None = None,
    **hyperparameters: Any,
) -> Fitted:
    """Train on arrays, through files and the whole of `algorithm.fit`, and load what was published."""
    channels = {}
    for name, data in {"train": train, "validation": validation, "test": test}.items():
        if data is not None:
            write_channel(root, name, data)
            channels[name] = Channel(name, root / "input" / "data" / name, MediaType.parse(RECORDIO))
    settings = TrainSettings(root=root, report=False, cache_megabytes=cache_megabytes)
    job = TrainingJob(
        name="job",
        hyperparameters=parse(**hyperparameters),
        channels=channels,
        hosts=Hosts(),
        settings=settings,
        checkpoint_dir=checkpoints,
        tuning_objective=tuning,
        stop=stop or Stop(),
    )
    with Reporter(algorithm, "algo-1", job.output_dir) as report:
        algorithm.fit(job, report)
    return Fitted(root, LinearModel.load(job.model_dir))


@dataclass(frozen=True)
class Trainer:
    """A network and the normalised rows it is trained on, all of them in every step."""

    hp: LinearLearnerHyperparameters
    sample: Sample
    network: Network
    x: NDArray
    y: NDArray

    @classmethod
    def of(cls, x: NDArray, y: NDArray, **hyperparameters: Any) -> Trainer:
        """One model unless `num_models` says otherwise."""
        hp = parse(**{"num_models": 1, "use_lr_scheduler": False, **hyperparameters})
        batch, cluster = Batch(np.array(x, np.float32), np.array(y, np.float32)), Cluster(Hosts())
        sample = look([batch], hp, cluster)
        network = Network(architecture(hp, sample, tuning=False), cluster)
        return cls(hp, sample, network, sample.scaler.features(batch.features), sample.scaler.labels(batch.labels))

    def steps(self, count: int, epoch: float = 0.0) -> Trainer:
        """Take `count` steps over all rows."""
        tf = self.network.tf
        starts, size = tf.zeros(count, tf.int32), tf.constant(len(self.y))
        self.network.train_dense(tf.constant(self.x), tf.constant(self.y), starts, size, tf.constant(epoch))
        return self

    @property
    def weights(self) -> NDArray:
        """The newest weights for normalised features, shape: (features, columns)."""
        return self.network.weights.numpy()

    @property
    def bias(self) -> NDArray:
        """shape: (columns,)"""
        return self.network.bias.numpy()


def regression(rows: int = 400, features: int = 5, noise: float = 0.5, seed: int = 0) -> Data:
    """A linear relation of correlated features of different scales, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features)) @ rng.normal(size=(features, features)) * 2.0 ** np.arange(features) + 3.0
    y = x @ (rng.normal(size=features) / 2.0 ** np.arange(features)) + 10.0 + noise * rng.standard_t(4, rows)
    return x.astype(np.float32), y.astype(np.float32)


def binary(rows: int = 600, features: int = 4, positives: float = 0.3, seed: int = 0) -> Data:
    """Two overlapping classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features))
    margin = 1.5 * x @ rng.normal(size=features) + rng.logistic(size=rows)
    return x.astype(np.float32), (margin > np.quantile(margin, 1 - positives)).astype(np.float32)


def multiclass(rows: int = 900, features: int = 4, classes: int = 3, seed: int = 0) -> Data:
    """Overlapping classes, the first half of the rows of class 0."""
    rng = np.random.default_rng(seed)
    y = rng.choice(classes, rows, p=np.array([classes - 1.0, *np.ones(classes - 1)]) / (2 * classes - 2))
    x = rng.normal(size=(rows, features)) + 1.2 * rng.normal(size=(classes, features))[y]
    return x.astype(np.float32), y.astype(np.float32)

"""How far training has come, and how that survives an interruption."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.network import Network
from algorithms.linear_learner.scaler import Scaler
from algorithms.linear_learner.setup import Sample
from algorithms.training import checkpoint
from algorithms.training.cluster import Cluster
from containers.job import TrainingJob

log = logging.getLogger(__name__)

CHECKPOINT = "linear-learner.safetensors"


@dataclass
class Progress:
    """What a checkpoint holds beside the network's variables.

    Attributes
    ----------
    losses
        The judged loss of each model at its best epoch; shape: (models,)
    train_losses, judged_losses
        Per epoch; shape: (models,)
    best, waited
        Early stopping: the best value so far, and the epochs since.
    """

    losses: NDArray[np.float64]
    epoch: int = 0
    train_losses: list[NDArray[np.float64]] = field(default_factory=list)
    judged_losses: list[NDArray[np.float64]] = field(default_factory=list)
    best: float | None = None
    waited: int = 0

    def improves(self, value: float, tolerance: float) -> bool:
        """Whether `value` (higher is better) is better than the best by more than `tolerance`, relatively; counts the wait."""
        if self.best is None or (value > self.best and value - self.best >= tolerance * abs(self.best)):
            self.best, self.waited = value, 0
            return True
        self.waited += 1
        return False


@dataclass(frozen=True)
class Checkpoint:
    """The checkpoint of a job: what a former run left, if it fits, and where this one writes.

    Hosts that do not all find the same epoch start anew, all of them.
    """

    path: Path | None
    fingerprint: str
    writes: bool
    tensors: dict[str, NDArray[Any]] | None = None
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, job: TrainingJob, cluster: Cluster, features: int) -> Checkpoint:
        """Look for a checkpoint of the same width and hyperparameters; the number of epochs and early stopping may differ."""
        if job.checkpoint_dir is None:
            log.info("Checkpoint loading and saving are disabled.")
            return cls(None, "", False)
        path = job.checkpoint_dir / CHECKPOINT
        none = cls(path, _fingerprint(job.hyperparameters, features), cluster.is_first)
        tensors, state = checkpoint.load(path) or (None, {})
        if tensors is not None and state.get("trained_with") != none.fingerprint:
            log.warning("checkpoint %s is of other hyperparameters or data; starting anew", path.name)
            tensors = None
        epochs = cluster.gather(np.array([state["progress"]["epoch"] if tensors is not None else 0], np.int64))
        if (epochs != epochs[0]).any():
            log.warning("the hosts' checkpoints are of the epochs %s; starting anew", epochs.tolist())
            return none
        if tensors is None:
            return none
        log.info("resuming after %d epochs from checkpoint %s", epochs[0], path.name)
        return replace(none, tensors=tensors, state=state)

    def sample(self, fresh: Sample) -> Sample:
        """What was learnt from the data at the very start, so that rows are normalised as they were."""
        if self.tensors is None:
            return fresh
        mean, scale, varies = (self.tensors[name] for name in ("scaler_mean", "scaler_scale", "varies"))
        label_mean, label_scale = self.tensors["label"]
        scaler = Scaler(mean, scale, float(label_mean), float(label_scale))
        return replace(fresh, scaler=scaler, varies=varies.astype(bool), class_counts=self.tensors["class_counts"])

    def restore(self, network: Network) -> Progress | None:
        """Put the network back to where it was; None where there is nothing to go back to."""
        if self.tensors is None or self.path is None:
            return None
        variables = network.state()
        if any(name not in self.tensors or self.tensors[name].shape != variables[name].shape for name in variables):
            log.warning("checkpoint %s is of another number of models; starting anew", self.path.name)
            return None
        for name, variable in variables.items():
            variable.assign(self.tensors[name])
        train, judged = (list(self.tensors[name]) for name in ("train_losses", "judged_losses"))
        return Progress(self.tensors["losses"], train_losses=train, judged_losses=judged, **self.state["progress"])

    def save(self, network: Network, progress: Progress, sample: Sample) -> None:
        """Write the state after an epoch, on the first host."""
        if self.path is None or not self.writes:
            return
        scaler = sample.scaler
        tensors = {name: variable.numpy() for name, variable in network.state().items()}
        tensors |= {"scaler_mean": scaler.mean, "scaler_scale": scaler.scale, "varies": sample.varies.astype(np.uint8)}
        tensors |= {"label": np.array([scaler.label_mean, scaler.label_scale]), "class_counts": sample.class_counts}
        tensors |= {"losses": progress.losses}
        tensors |= {"train_losses": np.array(progress.train_losses), "judged_losses": np.array(progress.judged_losses)}
        told = {name: getattr(progress, name) for name in ("epoch", "best", "waited")}
        checkpoint.save(self.path, tensors, {"progress": told, "trained_with": self.fingerprint})


def _fingerprint(hp: LinearLearnerHyperparameters, features: int) -> str:
    """What must agree for training to be continued: all but how long to train."""
    given = hp.model_dump_json(exclude={"epochs", "early_stopping_patience", "early_stopping_tolerance"})
    return f"{features} features, {given}"

"""Channels to rows: which labels are allowed, how wide the rows are, and what the training loop takes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.metrics import SPECS
from algorithms.linear_learner.sizing import check_size
from containers.algorithm import ChannelSpec
from containers.batch import Batch
from containers.channels import Channel
from containers.content import tabular
from containers.content.layout import ANY, Range
from containers.errors import UserError, did_you_mean
from containers.hyperparameters import AUTO
from containers.job import TrainingJob
from containers.media import CSV, RECORDIO

CHANNELS = tuple(
    ChannelSpec(name, required=name == "train", content_types=(RECORDIO, CSV)) for name in ("train", "validation", "test")
)
#: Rows decoded at a time, at least; a multiple of the mini-batch.
BLOCK_ROWS = 8192


def read(channel: Channel, hp: LinearLearnerHyperparameters, epoch: int, features: int | None = None) -> Iterator[Batch]:
    """The rows of one epoch of a channel.

    Parameters
    ----------
    features
        The width to insist on, by default `feature_dim`.

    Raises
    ------
    UserError
        Names the file, the line or record, and what was expected.
    """
    spec = next(spec for spec in CHANNELS if spec.name == channel.name)
    media = channel.media(spec)
    if tabular.label_size(media, 1) != 1:
        raise UserError(f"channel {channel.name!r}: content type {media.name} with label_size: expected 1, the label")
    width = features if hp.feature_dim == AUTO else hp.feature_dim
    blocks = max(1, -(-BLOCK_ROWS // hp.mini_batch_size))
    rows = tabular.read(
        channel.open(epoch),
        media,
        rows=blocks * hp.mini_batch_size,
        features=width,
        targets=ANY if hp.predictor_type == "regressor" else Range.classes(max(hp.outputs, 2)),
    )
    known = 0
    for batch in rows:
        if batch.features.shape[1] > known:
            known = batch.features.shape[1]
            check_size(hp, known, f"channel {channel.name!r}")
        if batch.is_sparse and hp.force_dense:
            batch = Batch(batch.features.toarray(), batch.labels)
        if batch.is_sparse and hp.unbias_data is True and not hp.use_bias:
            raise UserError("unbias_data: sparse features are unbiased through the bias term, which use_bias=false leaves out")
        yield batch
    if not known:
        raise UserError(f"channel {channel.name!r} holds no rows")


def check_tuning(job: TrainingJob) -> None:
    """A tuner's objective must be a metric that this job reports.

    Raises
    ------
    UserError
        It is not, or needs a channel that is not given.
    """
    objective = job.tuning_objective
    if objective is None:
        return
    possible = [spec.name for spec in SPECS if spec.direction is not None]
    if objective not in possible:
        raise UserError(f"_tuning_objective_metric: unknown metric {objective!r}{did_you_mean(objective, possible)}")
    channel = objective.split(":")[0]
    if job.channel(channel) is None:
        raise UserError(f"_tuning_objective_metric: {objective!r} needs the channel {channel!r}, which is not given")


@dataclass(frozen=True, slots=True)
class SparseBlock:
    """Rows of a sparse matrix, columns renumbered to those that occur.

    Attributes
    ----------
    indices
        shape: (stored, 2), int64: row and position in `columns`.
    values
        shape: (stored,), float32
    columns
        shape: (occurring,), int64
    """

    indices: NDArray[np.int64]
    values: NDArray[np.float32]
    columns: NDArray[np.int64]
    labels: NDArray[np.float32]

    @classmethod
    def of(cls, x: Any, y: NDArray[np.float32]) -> SparseBlock:
        """From a CSR matrix, shape: (rows, features)."""
        columns, position = np.unique(x.indices, return_inverse=True)
        row = np.repeat(np.arange(x.shape[0]), np.diff(x.indptr))
        return cls(np.stack([row, position], axis=1).astype(np.int64), x.data, columns.astype(np.int64), y)

    @classmethod
    def empty(cls) -> SparseBlock:
        """No rows: what a host contributes that has none left."""
        return cls(np.zeros((0, 2), np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32))

"""Channels to rows: which labels are allowed, how wide the rows are, and what the training loop takes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from containers.algorithm import ChannelSpec
from containers.batch import Batch
from containers.channels import Channel
from containers.content import tabular
from containers.errors import UserError
from containers.hyperparameters import AUTO
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
    width = features if hp.feature_dim == AUTO else hp.feature_dim
    blocks = max(1, -(-BLOCK_ROWS // hp.mini_batch_size))
    rows = tabular.read(
        channel.open(epoch),
        channel.media(spec),
        rows=blocks * hp.mini_batch_size,
        features=width,
        classes={"binary_classifier": 2, "multiclass_classifier": hp.num_classes}.get(hp.predictor_type),
    )
    empty = True
    for batch in rows:
        empty = False
        yield Batch(batch.features.toarray(), batch.labels) if hp.force_dense and batch.is_sparse else batch
    if empty:
        raise UserError(f"channel {channel.name!r} holds no rows")


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

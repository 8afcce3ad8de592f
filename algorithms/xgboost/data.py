"""Channels to rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from containers.algorithm import ChannelSpec
from containers.batch import Batch
from containers.channels import Channel
from containers.media import CSV, LIBSVM, PARQUET, RECORDIO

if TYPE_CHECKING:
    from algorithms.xgboost.hyperparameters import XGBoostHyperparameters

CHANNELS = tuple(
    ChannelSpec(name, required=name == "train", content_types=(LIBSVM, CSV, PARQUET, RECORDIO))
    for name in ("train", "validation")
)


def read(channel: Channel, hp: XGBoostHyperparameters, epoch: int, features: int | None = None) -> Iterator[Batch]:
    """The rows of one epoch of a channel, their labels checked against the objective.

    Raises
    ------
    UserError
        Names the file, the line or record, and what was expected.
    """
    raise NotImplementedError

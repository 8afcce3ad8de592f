"""Channels to rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from algorithms.xgboost.labels import allowed
from algorithms.xgboost.queries import whole_queries
from containers.algorithm import ChannelSpec
from containers.batch import Batch
from containers.channels import Channel
from containers.errors import UserError
from containers.hosts import Hosts
from containers.media import CSV, LIBSVM, PARQUET, RECORDIO

if TYPE_CHECKING:
    from algorithms.xgboost.hyperparameters import XGBoostHyperparameters

CHANNELS = tuple(
    ChannelSpec(name, required=name == "train", content_types=(LIBSVM, CSV, PARQUET, RECORDIO))
    for name in ("train", "validation")
)
#: Rows decoded at a time.
ROWS = 8192


def read(channel: Channel, hp: XGBoostHyperparameters, features: int | None = None) -> Iterator[Batch]:
    """The rows of a channel: their labels are such as the objective allows, their features may be missing.

    Parameters
    ----------
    features
        The width to insist on. Without, that of the first row, and libsvm rows are as wide as they like.

    Yields
    ------
    Batch
        With query ids only for objectives that rank.

    Raises
    ------
    UserError
        Names the file, the line or record, what was expected and what was found.
    """
    from containers.content import tabular
    from containers.content.layout import DELIMITERS

    spec = next(spec for spec in CHANNELS if spec.name == channel.name)
    media = channel.media(spec)
    if tabular.label_size(media, 1) != 1:
        raise UserError(f"channel {channel.name!r}: content type {media.name} with label_size: expected 1, the label")
    batches = tabular.read(
        channel.open(0),
        media,
        rows=ROWS,
        features=features,
        missing=True,
        targets=allowed(hp.loss, hp.num_class),
        weights=hp.csv_weights == 1,
        delimiters=DELIMITERS,
    )
    if hp.loss.startswith("rank:"):
        return whole_queries(batches, f"channel {channel.name!r}")
    return (Batch(batch.features, batch.labels, batch.weights) for batch in batches)


def shared(batches: Iterator[Batch], hosts: Hosts) -> Iterator[Batch]:
    """This host's share of rows that all hosts have: every n-th, or those of every n-th query."""
    if hosts.count == 1:
        yield from batches
        return
    seen = 0
    for batch in batches:
        numbers = np.arange(seen, seen + len(batch)) if batch.queries is None else batch.queries
        seen += len(batch)
        mine = np.flatnonzero(numbers % hosts.count == hosts.index)
        beside: list[Any] = [batch.labels, batch.weights, None, batch.queries]
        yield Batch(batch.features[mine], *(column if column is None else column[mine] for column in beside))

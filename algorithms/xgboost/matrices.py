"""Channels to xgboost's matrices: every byte of the data is decoded once, whatever xgboost does with the rows."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from xgboost import DataIter, DMatrix, ExtMemQuantileDMatrix, QuantileDMatrix

from algorithms.training.memory import cache_bytes
from algorithms.xgboost.data import CHANNELS, read, shared
from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.queries import query_weights
from algorithms.xgboost.rows import Rows
from containers.batch import Batch
from containers.content.rebatch import join
from containers.errors import UserError
from containers.job import TrainingJob
from containers.stop import Stopped

log = logging.getLogger(__name__)

#: Part of the memory for rows that a channel may have.
SHARES = {"train": 1.0, "validation": 0.25}
#: What a matrix holds: bins of the values for `hist`, values and bins for `approx`, values for all other ways to train; and the
#: bytes that it takes for a byte of rows. One of values alone has to be in memory.
Kind = Literal["bins", "both", "values"]
TREE_METHODS: Mapping[str, Kind] = {"exact": "values", "approx": "both"}
GROWN_BY: Mapping[tuple[str, ...], Kind] = {("grow_quantile_histmaker",): "bins", ("grow_histmaker",): "both"}
BYTES: Mapping[Kind, float] = {"bins": 0.5, "both": 3.0, "values": 0.0}


@dataclass(frozen=True)
class Matrices:
    """The data of a job on this host, ready for training.

    Attributes
    ----------
    train
        Labels, weights and query groups are in it.
    validation
        None where the job has no such channel.
    """

    train: DMatrix
    validation: DMatrix | None = None


@contextmanager
def build(job: TrainingJob, cluster: Cluster, device: str = "cpu") -> Iterator[Matrices]:
    """The matrices of both channels; inside the block, as what does not fit in memory lies in temporary files until it ends.

    A host without rows takes part with a matrix of none. Where all hosts have all the data each takes its share of the rows.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``. Only a CPU works on what is on disk.

    Raises
    ------
    UserError
        Names the channel, and the file and line or record, at fault.
    Stopped
        The job was told to stop before all was read.
    """
    hp: XGBoostHyperparameters = job.hyperparameters
    with tempfile.TemporaryDirectory(prefix="drydock-") as scratch:
        tables = _load(job, Path(scratch))
        features = _common_width(tables, cluster)
        needed = BYTES[kind(hp)] * sum(rows.held for rows in tables.values())
        external = device == "cpu" and cluster.any(needed > cache_bytes(job.settings.cache_megabytes))
        made: dict[str, DMatrix] = {}
        for name, rows in tables.items():
            cache = f"{scratch}/{name}" if external else None
            made[name] = _matrix(rows, features, hp, cache, made.get("train"))
            rows.clear()
        try:
            yield Matrices(**made)
        finally:
            if external:  # xgboost wants to find its files when it lets go of a matrix, and others may still hold it then
                for matrix in made.values():
                    matrix.__del__()


def combined(job: TrainingJob) -> DMatrix:
    """All rows of both channels as one plain matrix in memory, to be cut into folds by `DMatrix.slice`; on one host only.

    Raises
    ------
    UserError, Stopped
        As `build`.
    """
    with tempfile.TemporaryDirectory(prefix="drydock-") as scratch:
        tables = _load(job, Path(scratch))
        features = _common_width(tables, Cluster(job.hosts))
        return _plain([chunk for rows in tables.values() for chunk in rows.chunks(features)], job.hyperparameters)


def kind(hp: XGBoostHyperparameters) -> Kind:
    """What a matrix has to hold for the way in which a job trains."""
    if hp.booster == "gblinear" or hp.process_type == "update":
        return "values"
    if hp.updater:
        return GROWN_BY.get(hp.updater, "values")
    return TREE_METHODS.get(hp.tree_method, "bins")


def _load(job: TrainingJob, scratch: Path) -> dict[str, Rows]:
    """The rows of every channel that this host works on."""
    hp: XGBoostHyperparameters = job.hyperparameters
    budget = cache_bytes(job.settings.cache_megabytes)
    tables: dict[str, Rows] = {}
    width = None
    for spec in CHANNELS:
        channel = job.channel(spec.name)
        if channel is None:
            continue
        batches = read(channel, hp, width)
        if not channel.is_sharded:
            batches = shared(batches, job.hosts)
        tables[spec.name] = rows = Rows(scratch / f"{spec.name}-rows", int(budget * SHARES[spec.name]))
        rows.fill(_until_stopped(batches, job))
        if rows.count and not rows.sparse:
            width = rows.features
    return tables


def _until_stopped(batches: Iterator[Batch], job: TrainingJob) -> Iterator[Batch]:
    for batch in batches:
        if job.stop.is_set():
            raise Stopped("while the data were read")
        yield batch


def _common_width(tables: Mapping[str, Rows], cluster: Cluster) -> int:
    """The features of a row on all hosts: dense rows all have as many, and the widest sparse one has no more.

    Raises
    ------
    UserError
        Widths differ, or a channel holds no rows on any host; on all of them.
    """
    for name, count in zip(tables, cluster.sum(np.array([rows.count for rows in tables.values()])), strict=True):
        if not count:
            raise UserError(f"channel {name!r} holds no rows")
    dense = [rows.features for rows in tables.values() if rows.count and not rows.sparse]
    sparse = [rows.features for rows in tables.values() if rows.sparse]
    least = np.iinfo(np.int64).min
    extremes = [max(dense, default=least), max((-width for width in dense), default=least), max(sparse, default=0)]
    highest, lowest, widest = cluster.maximum(np.array(extremes)).tolist()
    if highest == least:
        if not widest:
            raise UserError("no row has a feature")
        return int(widest)
    if highest != -lowest:
        raise UserError(f"expected rows of the same width on all hosts, got {-lowest} and {highest} features")
    if widest > highest:
        raise UserError(f"expected rows of the same width in all channels, got dense ones of {highest} features and {widest}")
    return int(highest)


def _matrix(rows: Rows, features: int, hp: XGBoostHyperparameters, cache: str | None, reference: DMatrix | None) -> DMatrix:
    """A matrix of some rows; with the bins of another, if given, and with files that begin with `cache`, if given."""
    match kind(hp):
        case "bins" if cache is None:
            feed = Feed(rows, features, hp)
            return QuantileDMatrix(feed, max_bin=hp.max_bin, nthread=hp.nthread, ref=reference)
        case "bins":
            feed = Feed(rows, features, hp, cache)
            return ExtMemQuantileDMatrix(feed, max_bin=hp.max_bin, nthread=hp.nthread, ref=reference)
        case "both" if cache is not None:
            return DMatrix(Feed(rows, features, hp, cache), nthread=hp.nthread)
        case _:
            return _plain(list(rows.chunks(features)), hp)


def _plain(chunks: list[Batch], hp: XGBoostHyperparameters) -> DMatrix:
    return DMatrix(**_fields(join(chunks), hp), nthread=hp.nthread)


class Feed(DataIter):
    """Rows as xgboost goes through them, several times, when it makes a matrix."""

    def __init__(self, rows: Rows, features: int, hp: XGBoostHyperparameters, cache: str | None = None) -> None:
        self._rows, self._features, self._hp = rows, features, hp
        super().__init__(cache)

    def reset(self) -> None:
        self._chunks = self._rows.chunks(self._features)

    def next(self, input_data: Any) -> bool:
        chunk = next(self._chunks, None)
        if chunk is not None:
            input_data(**_fields(chunk, self._hp))
        return chunk is not None


def _fields(chunk: Batch, hp: XGBoostHyperparameters) -> dict[str, Any]:
    """Rows and what belongs to them, as xgboost calls it."""
    fields = {"data": chunk.features, "label": chunk.labels}
    if chunk.queries is not None:
        fields["qid"] = chunk.queries
    if chunk.weights is not None:
        fields["weight"] = chunk.weights if chunk.queries is None else query_weights(chunk)
    if hp.loss == "survival:aft":  # that a time was censored cannot be said by one label
        fields |= {"label_lower_bound": chunk.labels, "label_upper_bound": chunk.labels}
    return fields

"""Channels to xgboost's matrices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from algorithms.xgboost.hosts import Cluster
from containers.job import TrainingJob

if TYPE_CHECKING:
    from xgboost import DMatrix


@dataclass(frozen=True)
class Matrices:
    """The data of a job on this host, ready for `xgboost.train`.

    Attributes
    ----------
    train
        Labels, weights and query groups are in it: `train.get_label()`, `train.num_row()`.
    validation
        None where the job has no such channel.
    """

    train: DMatrix
    validation: DMatrix | None = None


@contextmanager
def build(job: TrainingJob, cluster: Cluster, device: str = "cpu") -> Iterator[Matrices]:
    """The matrices of both channels; inside the block, as what does not fit in memory lies in temporary files until it ends.

    A host without rows takes part with a matrix of none.

    Parameters
    ----------
    device
        ``cpu`` or ``cuda``.

    Raises
    ------
    UserError
        Names the channel, and the file and line or record, at fault.
    """
    raise NotImplementedError
    yield


def combined(job: TrainingJob) -> DMatrix:
    """All rows of both channels as one plain matrix in memory, to be cut into folds by `DMatrix.slice`; on one host only.

    Raises
    ------
    UserError
        As `build`.
    """
    raise NotImplementedError

"""The hosts of a job as one: xgboost's collective, the tracker on the first host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from containers.hosts import Hosts
from containers.job import TrainingJob


class Cluster:
    """What the hosts of a job do together; on a single host everything here is the identity and costs nothing.

    Every host must make the same calls in the same order. What xgboost itself does between hosts (`train`, the construction of
    a matrix, `eval`) it does through the same collective.

    Raises
    ------
    AlgorithmError
        From every method, when another host has gone.
    """

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts

    @property
    def count(self) -> int:
        return self.hosts.count

    @property
    def is_first(self) -> bool:
        """Whether this host writes what the job shares."""
        return self.hosts.is_first

    def sum(self, array: NDArray[Any] | float) -> NDArray[Any]:
        """The sum of an array over the hosts; shapes and types must agree."""
        raise NotImplementedError

    def maximum(self, array: NDArray[Any] | float) -> NDArray[Any]:
        """The largest of each element of an array over the hosts; shapes and types must agree."""
        raise NotImplementedError

    def any(self, flag: bool) -> bool:
        """Whether it is so on any host: how all of them agree to stop (`job.stop`)."""
        return bool(self.maximum(np.array(flag, np.uint8)))

    def broadcast(self, value: Any) -> Any:
        """The first host's value, on every host; it must be what JSON can hold."""
        raise NotImplementedError

    def barrier(self) -> None:
        """Wait until every host has come here.

        Before the end of a job: in the local mode of the SageMaker SDK the first host that is done soon ends all others.
        """
        self.maximum(np.zeros(1, np.uint8))


@contextmanager
def collective(job: TrainingJob) -> Iterator[Cluster]:
    """Inside the block the hosts of the job train together. Leaving it well waits for all of them.

    Raises
    ------
    AlgorithmError
        A host has not come, or has gone: names it. Within a bounded time, also where xgboost itself waits for it.
    Stopped
        The job was told to stop while waiting for the others to come.
    """
    raise NotImplementedError
    yield

"""The hosts of a job as one: xgboost's collective, with its tracker on the first host."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from algorithms.training.lifeline import lifeline
from containers import failure
from containers.artifacts import clear_stale
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.stop import Stopped

if TYPE_CHECKING:
    from xgboost import RabitTracker

log = logging.getLogger(__name__)

#: Seconds that xgboost waits for another host: one that reads more data may be hours behind, and the lifeline watches over it.
PATIENCE = 86_400
#: Seconds that the lifeline may take to say which host it was, after xgboost has noticed that one has gone.
NEWS_SECONDS = 10.0
#: Where every error of the collective comes from, by the library's own account.
COLLECTIVE = "collective/result.cc"


class Cluster:
    """What the hosts of a job do together; on a single host everything here is the identity and costs nothing.

    Every host must make the same calls in the same order, in the thread that has entered `collective`. What xgboost does by
    itself between hosts, in `train` or when it makes a matrix, goes the same way.
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
        return self._reduce(array, "SUM")

    def maximum(self, array: NDArray[Any] | float) -> NDArray[Any]:
        """The largest of each element of an array over the hosts; shapes and types must agree."""
        return self._reduce(array, "MAX")

    def any(self, flag: bool) -> bool:
        """Whether it is so on any host: how all of them agree to stop."""
        return bool(self.maximum(np.array(flag, np.uint8)))

    def broadcast(self, value: Any) -> Any:
        """The first host's value, on every host; it must be what JSON can hold."""
        if self.count == 1:
            return value
        text = np.frombuffer(json.dumps(value).encode() if self.is_first else b"", np.uint8)
        everywhere = np.zeros(int(self.maximum(np.array(len(text)))), np.uint8)
        everywhere[: len(text)] = text
        return json.loads(self.maximum(everywhere).tobytes())

    def barrier(self) -> None:
        """Wait until every host has come here."""
        self.any(False)

    def _reduce(self, array: NDArray[Any] | float, name: str) -> NDArray[Any]:
        local = np.asarray(array)
        if self.count == 1 or not local.size:
            return local
        from xgboost.collective import Op, allreduce

        return allreduce(local, Op[name]).reshape(local.shape)


@contextmanager
def collective(job: TrainingJob) -> Iterator[Cluster]:
    """Inside the block the hosts of the job train together; none leaves it well before all do.

    That matters at the end of a job: in the local mode of the SageMaker SDK the first host that is done soon ends all others.

    Raises
    ------
    AlgorithmError
        Hosts have not come, or one has gone: names them. Where this cannot be raised, since xgboost waits for the host that has
        gone, the process ends with this reason.
    Stopped
        The job was told to stop while the others were waited for, or another host was and left at once.
    """
    if job.hosts.count == 1:
        yield Cluster(job.hosts)
        return
    from xgboost import RabitTracker
    from xgboost.core import XGBoostError

    trackers: list[RabitTracker] = []

    def begin(address: str) -> int:
        # On a port of its own: where the hosts have met the system lets nobody listen for a while.
        trackers.append(RabitTracker(job.hosts.count, address, sortby="task"))
        trackers[0].start()
        return int(trackers[0].worker_args()["dmlc_tracker_port"])

    try:
        with lifeline(job.hosts, begin, partial(_give_up, job)) as line:
            try:
                with _communicator(line.address, line.answer, job.hosts.current):
                    cluster = Cluster(job.hosts)
                    yield cluster
                    cluster.barrier()
            except XGBoostError as error:
                if COLLECTIVE not in str(error):
                    raise
                line.lost.wait(NEWS_SECONDS)
                raise line.error() from error
    finally:
        for tracker in trackers:
            with suppress(XGBoostError):  # that it was not done
                tracker.free()


@contextmanager
def _communicator(address: str, port: int, name: str) -> Iterator[None]:
    """xgboost's part of the collective. Without an orderly end the process would crash at its own."""
    from xgboost import collective
    from xgboost.core import XGBoostError

    collective.init(
        dmlc_communicator="rabit",
        dmlc_tracker_uri=address,
        dmlc_tracker_port=port,
        dmlc_task_id=name,
        dmlc_timeout=PATIENCE,
        dmlc_retry=1,  # everyone is there; and in the end a tracker that has gone is not waited for
    )
    try:
        yield
    except BaseException:
        with suppress(XGBoostError):  # the others may have gone
            collective.finalize()
        raise
    else:
        collective.finalize()


def _give_up(job: TrainingJob, error: Exception) -> None:
    """End the process although its main thread is deep in xgboost; never, though, while a model is being published."""
    with job.stop.finishing():
        clear_stale(job.model_dir, job.hosts.current)
        if isinstance(error, Stopped):
            log.info("stopped %s", error)
            os._exit(0)
        os._exit(failure.report(error, job.settings.failure_file))

"""Distributed training from a script."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import numpy as np

from algorithms.xgboost.compat.sagemaker_containers.entry_point import job_hosts, job_settings
from algorithms.xgboost.hosts import Cluster, collective
from containers.job import TrainingJob

log = logging.getLogger(__name__)


def rabit_run(
    exec_fun: Callable[..., Any],
    args: dict[str, Any],
    include_in_training: bool,
    hosts: Sequence[str],
    current_host: str,
    *_: object,
    update_rabit_args: bool = False,
    **__: object,
) -> None:
    """Call `exec_fun` on all hosts that have data, with xgboost's collective between them; end the process of the others.

    Hosts meet where those of the built-in algorithm do, so that the ports and attempts of AWS's function are not needed. None
    leaves before all do.

    Parameters
    ----------
    args
        The function's; with `update_rabit_args` also `is_master`: whether this host is the first of those that train.

    Raises
    ------
    AlgorithmError
        A host has not come, or has gone.
    RuntimeError
        No host has data.
    """
    job = TrainingJob("rabit_run", None, {}, job_hosts(list(hosts), current_host), job_settings())
    with collective(job) as cluster:
        flags = np.zeros(cluster.count)
        flags[job.hosts.index] = include_in_training
        names = [name for name, flag in zip(job.hosts.all, cluster.sum(flags), strict=True) if flag]
        if not names:
            raise RuntimeError("no host has data to train on")
        if update_rabit_args:
            args["is_master"] = current_host == names[0]
        if len(names) == cluster.count:
            exec_fun(**args)
        else:
            _among(names, cluster, partial(exec_fun, **args) if include_in_training else None)
    if not include_in_training:
        log.warning("host %s has no data to train on", current_host)
        sys.exit(0)


def _among(names: Sequence[str], cluster: Cluster, train: Callable[[], Any] | None) -> None:
    """Train on some of the hosts; None on the others, which wait.

    A communicator belongs to the thread that began it: those that train have one of their own, in a thread of its own.
    """
    with _tracker(len(names), cluster) as where:
        if train is not None:
            with ThreadPoolExecutor(1) as thread:
                thread.submit(_communicate, where, cluster.hosts.current, train).result()
        cluster.barrier()


def _communicate(where: dict[str, Any] | None, name: str, train: Callable[[], Any]) -> None:
    from xgboost.collective import CommunicatorContext

    with CommunicatorContext(**where, dmlc_task_id=name) if where else nullcontext():
        train()


@contextmanager
def _tracker(count: int, cluster: Cluster) -> Iterator[dict[str, Any] | None]:
    """Where so many hosts find each other, which the first host of all sees to; None for a single one."""
    from xgboost import RabitTracker

    if count == 1:
        yield None
        return
    if not cluster.is_first:
        yield cluster.broadcast(None)
        return
    address = socket.gethostbyname(cluster.hosts.address(cluster.hosts.current).rpartition(":")[0])
    tracker = RabitTracker(count, address, sortby="task")
    tracker.start()
    try:
        yield cluster.broadcast(tracker.worker_args())
    finally:
        tracker.free()

"""The hosts of a job as one: sums, gathered arrays and a common decision to stop.

One replica a host. On a single host everything here is the identity and costs nothing.
"""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.training.tensorflow import import_tensorflow
from containers.errors import AlgorithmError
from containers.job import Hosts


class Cluster:
    """Synchronous data parallelism by `tf.distribute.MultiWorkerMirroredStrategy`, or the absence of it.

    Every host must make the same calls in the same order.
    """

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        if hosts.count == 1:
            self._tf = import_tensorflow()
            self.strategy = None
            return
        addresses = [hosts.address(name) for name in hosts.all]
        os.environ["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": hosts.index}}
        )
        self._tf = tf = import_tensorflow()
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        self._sum = self.function(self.reduce)
        self._gather = self.function(lambda x: tf.distribute.get_replica_context().all_gather(x, axis=0))

    @property
    def is_first(self) -> bool:
        """Whether this host writes what the job shares."""
        return self.hosts.is_first

    def reduce(self, tensor: Any) -> Any:
        """Inside a compiled step: the sum of a tensor over the hosts."""
        if self.strategy is None:
            return tensor
        return self._tf.distribute.get_replica_context().all_reduce(self._tf.distribute.ReduceOp.SUM, tensor)

    def function(self, step: Any) -> Any:
        """`tf.function` of a step, run by the strategy where there is one."""
        if self.strategy is None:
            return self._tf.function(step, autograph=False, reduce_retracing=True)
        unconverted = self._tf.autograph.experimental.do_not_convert(step)
        run = self._tf.function(lambda *args: self.strategy.run(unconverted, args=args), autograph=False, reduce_retracing=True)

        def call(*args: Any) -> Any:
            try:
                return run(*args)
            except (self._tf.errors.UnavailableError, self._tf.errors.AbortedError, self._tf.errors.InternalError,
                    self._tf.errors.CancelledError, self._tf.errors.DeadlineExceededError) as error:  # fmt: skip
                raise AlgorithmError(f"lost contact with another host of the job: {error.message.splitlines()[0]}") from error

        return call

    def sum(self, array: NDArray[Any] | float) -> NDArray[np.float64]:
        """The sum of an array over the hosts."""
        local = np.asarray(array, np.float64)
        return local if self.strategy is None else self._sum(self._tf.constant(local)).numpy()

    def gather(self, array: NDArray[Any]) -> NDArray[Any]:
        """The hosts' arrays one below the other, along the first axis; lengths may differ."""
        return array if self.strategy is None else self._gather(self._tf.constant(array)).numpy()

    def maximum(self, value: int) -> int:
        """The largest of the hosts' integers."""
        return value if self.strategy is None else int(self.gather(np.array([value], np.int64)).max())

    def broadcast(self, array: NDArray[Any]) -> NDArray[Any]:
        """The first host's array, on every host; shapes must agree."""
        if self.strategy is None:
            return array
        return self.sum(array if self.is_first else np.zeros_like(array)).astype(array.dtype)

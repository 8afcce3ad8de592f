"""The hosts of a job as one: sums, gathered arrays and a common decision to stop.

One replica a host. On a single host everything here is the identity and costs nothing.
"""

from __future__ import annotations

import json
import os
import re
import signal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.training.rendezvous import meet
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
        meet(hosts)
        addresses = [hosts.address(name) for name in hosts.all]
        os.environ["TF_CONFIG"] = json.dumps(
            {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": hosts.index}}
        )
        self._tf = tf = import_tensorflow()
        self.strategy = tf.distribute.MultiWorkerMirroredStrategy()
        self._sum = self.function(lambda x: self.run(self.reduce, x))
        self._gather = self.function(lambda x: self.run(self.collect, x))
        self.wait()
        # TensorFlow's coordination service has put a handler of its own in the place of Python's.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))

    @property
    def is_first(self) -> bool:
        """Whether this host writes what the job shares."""
        return self.hosts.is_first

    def function(self, compiled: Any) -> Any:
        """`tf.function` of a computation whose parts that involve other hosts go through `run`."""
        function = self._tf.function(compiled, autograph=False, reduce_retracing=True)
        if self.strategy is None:
            return function
        errors = self._tf.errors
        lost = (
            errors.UnavailableError,
            errors.AbortedError,
            errors.InternalError,
            errors.CancelledError,
            errors.DeadlineExceededError,
        )

        def call(*args: Any) -> Any:
            try:
                return function(*args)
            except lost as error:
                message = re.sub(r"\{\{.*?\}\} ?", "", error.message)  # names of nodes in the graph
                told = [line.strip() for line in message.splitlines() if "aborted by" in line or "failed" in line]
                reason = told[0] if told else type(error).__name__
                raise AlgorithmError(f"lost contact with another host of the job: {reason}") from error

        return call

    def run(self, step: Any, *args: Any) -> Any:
        """Inside a `function`, in a loop of its own or not: a step in which `reduce` and `collect` may be used."""
        if self.strategy is None:
            return step(*args)
        return self.strategy.run(self._tf.autograph.experimental.do_not_convert(step), args=args)

    def reduce(self, tensor: Any) -> Any:
        """Inside a step: the sum of a tensor over the hosts."""
        if self.strategy is None:
            return tensor
        # By the identity's device the collective knows where it is.
        context, total = self._tf.distribute.get_replica_context(), self._tf.distribute.ReduceOp.SUM
        return context.all_reduce(total, self._tf.identity(tensor))

    def collect(self, tensor: Any) -> Any:
        """Inside a step: the hosts' tensors one below the other; their lengths may differ."""
        if self.strategy is None:
            return tensor
        return self._tf.distribute.get_replica_context().all_gather(self._tf.identity(tensor), axis=0)

    def sum(self, array: NDArray[Any] | float) -> NDArray[np.float64]:
        """The sum of an array over the hosts."""
        local = np.asarray(array, np.float64)
        # The collective crashes on an empty tensor.
        return local if self.strategy is None or not local.size else self._sum(self._tf.constant(local)).numpy()

    def gather(self, array: NDArray[Any]) -> NDArray[Any]:
        """The hosts' arrays one below the other, along the first axis; lengths may differ."""
        if self.strategy is None:
            return array
        # As floats: TensorFlow's kernels complain of 64-bit integers.
        return self._gather(self._tf.constant(array.astype(np.float64))).numpy().astype(array.dtype)

    def maximum(self, value: int) -> int:
        """The largest of the hosts' integers."""
        return value if self.strategy is None else int(self.gather(np.array([value])).max())

    def broadcast(self, array: NDArray[Any]) -> NDArray[Any]:
        """The first host's array, on every host; shapes must agree."""
        if self.strategy is None:
            return array
        return self.sum(array if self.is_first else np.zeros_like(array)).astype(array.dtype)

    def wait(self) -> None:
        """Wait until every host has come here.

        Before the end of a job: in the local mode of the SageMaker SDK the first host that is done soon ends all others.
        """
        self.maximum(0)

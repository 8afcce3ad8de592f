"""What the hosts of a job compute together, by plain sockets: for algorithms that need no framework's collective."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.training.rendezvous import PATIENCE, connect
from containers.errors import AlgorithmError
from containers.hosts import Hosts

_SIZE = struct.Struct("<Q")
#: Numbers that are averaged at a time: as many the first host needs memory for.
CHUNK = 1 << 20


@contextmanager
def together(hosts: Hosts, patience: float = PATIENCE) -> Iterator[Star]:
    """Meet the other hosts of a job, if there are any, to compute with them inside the block.

    Parameters
    ----------
    patience
        Seconds that another host is waited for, at the beginning and in every call.

    Raises
    ------
    AlgorithmError, Stopped
        As `rendezvous.connect`.
    """
    connections = connect(hosts, lambda address: None, patience)[0] if hosts.count > 1 else {}
    try:
        links = [_Link(name, connections[name], patience) for name in hosts.all if name in connections]
        yield Star(hosts, links)
    finally:
        for connection in connections.values():
            connection.close()


class Star:
    """The hosts of a job, the first of which is linked to each other one. Alone, everything here is the identity.

    Every host must make the same calls in the same order. Each raises `AlgorithmError`, which names a host that has gone or
    does not answer.
    """

    def __init__(self, hosts: Hosts, links: Sequence[_Link] = ()) -> None:
        self.hosts, self._links = hosts, links

    def gather(self, own: bytes) -> list[bytes]:
        """Every host's bytes, in the order of the hosts."""
        if not self.hosts.is_first:
            (first,) = self._links
            first.send_sized(own)
            return [first.receive_sized() for _ in range(_SIZE.unpack(first.receive(bytearray(_SIZE.size)))[0])]
        everyone = [own, *(link.receive_sized() for link in self._links)]
        for link in self._links:
            link.send(_SIZE.pack(len(everyone)))
            for one in everyone:
                link.send_sized(one)
        return everyone

    def average(self, array: NDArray[np.float32]) -> None:
        """Replace an array, C-contiguous and of the same shape on every host, by its mean."""
        flat = array.reshape(-1)
        for start in range(0, flat.size, CHUNK):
            part = flat[start : start + CHUNK]
            if not self.hosts.is_first:
                (first,) = self._links
                first.send(part)
                first.receive(part)
                continue
            received = np.empty_like(part)
            for link in self._links:
                link.receive(received)
                part += received
            part /= 1 + len(self._links)
            for link in self._links:
                link.send(part)

    def any(self, own: bool) -> bool:
        """Whether it is so on any host."""
        return any(answer == b"1" for answer in self.gather(b"1" if own else b"0"))

    def wait(self) -> None:
        """Wait until every host has come here.

        Before the end of a job: in the local mode of the SageMaker SDK the first host that is done soon ends all others.
        """
        self.any(False)


class _Link:
    """A connection with another host."""

    def __init__(self, name: str, connection: socket.socket, patience: float) -> None:
        self._name, self._connection = name, connection
        connection.settimeout(patience)

    def send(self, data: Any) -> None:
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise self._lost(error) from error

    def receive(self, into: Any) -> Any:
        """Fill a buffer."""
        view = memoryview(into).cast("B")
        while view:
            try:
                received = self._connection.recv_into(view)
            except OSError as error:
                raise self._lost(error) from error
            if not received:
                raise self._lost("it has ended")
            view = view[received:]
        return into

    def send_sized(self, data: bytes) -> None:
        self.send(_SIZE.pack(len(data)))
        self.send(data)

    def receive_sized(self) -> bytes:
        return bytes(self.receive(bytearray(_SIZE.unpack(self.receive(bytearray(_SIZE.size)))[0])))

    def _lost(self, reason: object) -> AlgorithmError:
        return AlgorithmError(f"lost contact with another host of the job: {self._name}: {reason}")

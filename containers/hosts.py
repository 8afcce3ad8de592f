"""The hosts of a job: who they are, which one this is, and how the others are reached."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from containers.errors import AlgorithmError
from containers.stop import Stop, Stopped

log = logging.getLogger(__name__)

#: Where a host listens for the others, unless `Hosts.addresses` says otherwise; TensorFlow's own default.
PORT = 2222
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Hosts:
    """The cluster of one job. Names are opaque; only their order means anything.

    Attributes
    ----------
    all
        Every host's name, sorted; the same on every host.
    interface
        The network interface the platform names. It need not exist, so nothing depends on it.
    addresses
        Host to ``address:port``, for hosts whose names no resolver knows.
    patience
        Seconds to wait for a name to become known: hosts start one after the other.
    """

    current: str = "algo-1"
    all: tuple[str, ...] = ("algo-1",)
    interface: str | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    patience: float = 300.0
    stop: Stop = field(default_factory=Stop, repr=False, compare=False)

    @property
    def count(self) -> int:
        return len(self.all)

    @property
    def index(self) -> int:
        return self.all.index(self.current)

    @property
    def is_first(self) -> bool:
        """Whether this host writes what all of them share."""
        return self.index == 0

    def address(self, name: str) -> str:
        """``host:port`` of a host, as soon as its name is known.

        Raises
        ------
        AlgorithmError
            The name cannot be resolved within `patience` seconds.
        Stopped
            The job was told to stop while waiting.
        """
        if name in self.addresses:
            return self.addresses[name]
        deadline = time.monotonic() + self.patience
        while True:
            try:
                socket.getaddrinfo(name, PORT, type=socket.SOCK_STREAM)
                return f"{name}:{PORT}"
            except OSError as error:
                if time.monotonic() >= deadline:
                    raise AlgorithmError(f"host {name!r} cannot be resolved after {self.patience:g} s: {error}") from error
                log.info("waiting for the name of host %s: %s", name, error)
            if self.stop.wait(RETRY_SECONDS):
                raise Stopped(f"while waiting for host {name!r}")

"""The hosts of a job wait for each other, with an end: TensorFlow's own start waits for a host that has failed for an hour."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from containers.errors import AlgorithmError
from containers.hosts import Hosts
from containers.stop import Stopped

log = logging.getLogger(__name__)

#: Seconds to wait for the slowest host: it may have more data to read.
PATIENCE = 900.0
RETRY_SECONDS = 0.2
#: Names are short; whatever else connects is not listened to for long.
NAME_BYTES, GREETING_SECONDS = 256, 5.0


def meet(hosts: Hosts, patience: float = PATIENCE) -> None:
    """Return when every other host has called on this one, and this one on every other.

    Then each is there, and none still tries to reach the port that TensorFlow is about to take over.

    Raises
    ------
    AlgorithmError
        Names the hosts that have not come within `patience` seconds.
    Stopped
        The job was told to stop while waiting.
    """
    others = set(hosts.all) - {hosts.current}
    host, _, port = hosts.address(hosts.current).rpartition(":")
    deadline = time.monotonic() + patience
    with _receiving(host, int(port), others) as came:
        called: set[str] = set()
        while missing := (others - came) | (others - called):
            called |= {name for name in others - called if _call(hosts.address(name), hosts.current)}
            if time.monotonic() >= deadline:
                raise AlgorithmError(
                    f"not all hosts of the job have come within {patience:g} s: missing {', '.join(sorted(missing))}"
                )
            if missing and hosts.stop.wait(RETRY_SECONDS):
                raise Stopped(f"while waiting for {', '.join(sorted(missing))}")


@contextmanager
def _receiving(host: str, port: int, others: set[str]) -> Iterator[set[str]]:
    """Listen for the other hosts; the set grows by each that has called."""
    came: set[str] = set()
    listener = _listener(host, port)
    thread = threading.Thread(target=_receive, args=(listener, others, came), name="rendezvous", daemon=True)
    thread.start()
    try:
        yield came
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, without which the port would stay taken
        thread.join()
        listener.close()


def _listener(host: str, port: int) -> socket.socket:
    """A socket on the host's own address, or on every interface where its name is not one of this machine's."""
    for address in (host.strip("[]"), ""):
        try:
            return socket.create_server((address, port), family=_family(address, port), reuse_port=False)
        except OSError as error:
            log.debug("cannot listen on %s:%d: %s", address, port, error)
            last = error
    raise AlgorithmError(f"cannot listen on port {port} for the other hosts: {last}")


def _family(address: str, port: int) -> socket.AddressFamily:
    if not address:
        return socket.AF_INET
    return socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0][0]


def _receive(listener: socket.socket, others: set[str], came: set[str]) -> None:
    """Take note of the hosts that call, until the listener is shut down."""
    while True:
        try:
            caller, _ = listener.accept()
        except OSError:
            return
        with caller:
            caller.settimeout(GREETING_SECONDS)
            try:
                name = caller.makefile("rb").readline(NAME_BYTES).decode(errors="replace").strip()
                if name in others:
                    came.add(name)
                    caller.sendall(b"welcome\n")
            except OSError:
                continue


def _call(address: str, name: str) -> bool:
    """Tell another host that this one is there; whether it has heard."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), GREETING_SECONDS) as connection:
            connection.sendall(f"{name}\n".encode())
            return connection.makefile("rb").readline(NAME_BYTES) == b"welcome\n"
    except OSError:
        return False

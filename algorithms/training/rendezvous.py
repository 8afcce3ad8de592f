"""The hosts of a job wait for each other, with an end: TensorFlow's own start waits for a host that has failed for an hour.

All call on the first host. When everyone has come it answers, all at once.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from containers.errors import AlgorithmError
from containers.hosts import Hosts
from containers.stop import Stopped

log = logging.getLogger(__name__)

#: Seconds to wait for the slowest host: it may have more data to read.
PATIENCE = 900.0
RETRY_SECONDS = 0.2
#: Names are short; whatever else connects is not listened to for long.
NAME_BYTES, GREETING_SECONDS = 256, 5.0
ANSWER_BYTES = 1 << 16
#: Host to the connection with it: the first host has one to every other, the others have one to the first.
Connections = dict[str, socket.socket]


def meet(hosts: Hosts, patience: float = PATIENCE) -> None:
    """Return when all hosts are there. None still tries to reach a port that TensorFlow is about to take over.

    Raises
    ------
    AlgorithmError, Stopped
        As `connect`.
    """
    connections, _ = connect(hosts, lambda address: None, patience)
    for connection in connections.values():
        connection.close()


def connect(hosts: Hosts, begin: Callable[[str], Any], patience: float = PATIENCE) -> tuple[Connections, Any]:
    """Wait for all hosts.

    Parameters
    ----------
    begin
        Called on the first host when all have come, with the IP address by which the others reach it. Every host gets what it
        returns, which must be what JSON can hold.

    Raises
    ------
    AlgorithmError
        Names the hosts that have not come within `patience` seconds; on every host.
    Stopped
        This host, or the first, was told to stop while waiting.
    """
    return _gather(hosts, begin, patience) if hosts.is_first else _call(hosts, patience)


def tell(connections: Iterable[socket.socket], news: Any) -> None:
    """Send a line of JSON to each. That one of them has gone is noticed where its own lines are read."""
    line = json.dumps(news).encode() + b"\n"
    for connection in connections:
        with suppress(OSError):
            connection.sendall(line)


def _gather(hosts: Hosts, begin: Callable[[str], Any], patience: float) -> tuple[Connections, Any]:
    """On the first host: be called by all others, and answer."""
    others, came = set(hosts.all) - {hosts.current}, Connections()
    host, _, port = hosts.address(hosts.current).rpartition(":")
    deadline = time.monotonic() + patience
    try:
        with _listener(host, int(port)) as listener:
            listener.settimeout(RETRY_SECONDS)
            while missing := others - came.keys():
                if time.monotonic() >= deadline:
                    raise _missing(missing, patience)
                if hosts.stop.is_set():
                    raise Stopped(f"while waiting for {', '.join(sorted(missing))}")
                with suppress(OSError):  # nobody has called, or whoever did has gone
                    caller, _ = listener.accept()
                    caller.settimeout(GREETING_SECONDS)
                    name = _line(caller, NAME_BYTES).decode(errors="replace").strip()
                    if name in others:
                        came[name] = caller
        answer = begin(next(iter(came.values())).getsockname()[0])
    except Exception as error:
        tell(came.values(), {"refusal": str(error), "stopped": isinstance(error, Stopped)})
        raise
    tell(came.values(), {"answer": answer})
    return came, answer


def _call(hosts: Hosts, patience: float) -> tuple[Connections, Any]:
    """On any other host: call on the first until it answers."""
    first = hosts.all[0]
    host, _, port = hosts.address(first).rpartition(":")
    deadline = time.monotonic() + patience + GREETING_SECONDS  # which of the others is missing is known to the first alone
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            connection = socket.create_connection((host.strip("[]"), int(port)), GREETING_SECONDS)
            connection.sendall(f"{hosts.current}\n".encode())
            while time.monotonic() < deadline and not hosts.stop.is_set():
                if select.select([connection], [], [], RETRY_SECONDS)[0]:
                    news = json.loads(_line(connection, ANSWER_BYTES))  # nothing, if the first has gone
                    if "refusal" in news:
                        raise (Stopped if news["stopped"] else AlgorithmError)(news["refusal"])
                    return {first: connection}, news["answer"]
            tell([connection], {"farewell": "told to stop", "stopped": True})
            connection.close()
        if hosts.stop.wait(RETRY_SECONDS):
            raise Stopped(f"while waiting for {first}")
    raise _missing({first}, patience)


def _missing(names: set[str], patience: float) -> AlgorithmError:
    return AlgorithmError(f"not all hosts of the job have come within {patience:g} s: missing {', '.join(sorted(names))}")


def _line(connection: socket.socket, limit: int) -> bytes:
    """One line, and not a byte more: what follows it belongs to somebody else."""
    line = b""
    while not line.endswith(b"\n") and len(line) < limit and (byte := connection.recv(1)):
        line += byte
    return line


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

"""Ports of this machine."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from containers.errors import UserError

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Different loopback ports that nobody listens on at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]


def require_free(port: int) -> int:
    """The port, if nobody listens on it; a server that finds it taken would only say so after its start."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise UserError(f"port {port}: {error.strerror}") from None
    return port

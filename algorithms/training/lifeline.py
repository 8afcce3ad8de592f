"""The hosts of a job stay in touch: whoever dies, hangs, fails or is told to stop is known by name, on all, in bounded time.

Between the first host and each other there is a connection. What goes over it are lines of JSON: signs of life, which say
nothing, the news that a host is lost, and in the end a farewell.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from algorithms.training.rendezvous import PATIENCE, Connections, connect, tell
from containers.errors import AlgorithmError
from containers.failure import classify
from containers.hosts import Hosts
from containers.stop import Stopped

log = logging.getLogger(__name__)

#: Seconds without a sign of life after which a host counts as lost; there are several signs in them.
SILENCE, SIGNS = 60.0, 10
#: Seconds that the main thread has, once a host is lost, to find out by itself.
GRACE = 15.0
#: Seconds that the others' farewell is waited for.
PARTING = 5.0


@contextmanager
def lifeline(
    hosts: Hosts,
    begin: Callable[[str], Any],
    give_up: Callable[[Exception], None],
    *,
    patience: float = PATIENCE,
    silence: float = SILENCE,
    grace: float = GRACE,
) -> Iterator[Lifeline]:
    """Meet the other hosts of a job, of which there must be some, and stay in touch with them inside the block.

    Parameters
    ----------
    begin, patience
        See `rendezvous.connect`.
    give_up
        Called, in another thread, when a host has been lost for `grace` seconds and this one is still inside the block.

    Raises
    ------
    AlgorithmError, Stopped
        As `rendezvous.connect`.
    """
    line = Lifeline(hosts, *connect(hosts, begin, patience), silence)
    watch = threading.Thread(target=line.watch, args=(grace, give_up), name="lifeline", daemon=True)
    watch.start()
    try:
        yield line
    except BaseException as error:
        line.close(error)
        raise
    else:
        line.close(None)


class Lifeline:
    """The connections of this host: of the first to all others, of any other to the first.

    Attributes
    ----------
    answer
        What `begin` returned on the first host.
    address
        IP address by which the others reach the first host.
    lost
        Set when a host has gone before the end.
    """

    def __init__(self, hosts: Hosts, connections: Connections, answer: Any, silence: float) -> None:
        some = next(iter(connections.values()))
        self.answer = answer
        self.address: str = (some.getsockname() if hosts.is_first else some.getpeername())[0]
        self.lost = threading.Event()
        self._hosts, self._connections, self._silence = hosts, connections, silence
        self._loss = "which one is not known"
        self._over = threading.Event()
        self._lock = threading.RLock()
        self._readers = []
        for name, connection in connections.items():
            connection.settimeout(silence)
            self._readers.append(threading.Thread(target=self._read, args=(name, connection), name="lifeline", daemon=True))
            self._readers[-1].start()

    def error(self) -> Exception:
        """What to raise where something fails because a host is lost: says which one, and what is known about why."""
        if self._hosts.stop.is_set():
            return Stopped(f"with another host of the job: {self._loss}")
        return AlgorithmError(f"lost contact with another host of the job: {self._loss}")

    def watch(self, grace: float, give_up: Callable[[Exception], None]) -> None:
        """Give signs of life until this lifeline is closed, or until it has not been closed long after a host was lost."""
        lost = None
        while not self._over.wait(min(self._silence / SIGNS, grace)):
            self._tell({})
            lost = lost or (time.monotonic() if self.lost.is_set() else None)
            if lost is not None and time.monotonic() - lost >= grace:
                give_up(self.error())
                return

    def close(self, error: BaseException | None) -> None:
        """Say farewell, with the reason if there is one, and hear the others'."""
        self._over.set()
        reason = None if error is None else str(classify(error)).partition("\n")[0]
        self._tell({"farewell": reason, "stopped": isinstance(error, Stopped)})
        deadline = time.monotonic() + PARTING
        for connection in self._connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        for thread in self._readers:
            thread.join(max(deadline - time.monotonic(), 0))
        for connection in self._connections.values():
            connection.close()

    def _read(self, name: str, connection: socket.socket) -> None:
        """Until a host says farewell. If it does not, or has a reason, it is lost; the first also tells of others that are."""
        loss, stopped = "its connection has ended", False
        try:
            with connection.makefile("rb") as lines:
                for news in map(json.loads, lines):
                    if "lost" in news:
                        self._lose(news["lost"], news["stopped"])
                    if "farewell" in news:
                        if news["farewell"] is None:
                            return
                        loss, stopped = news["farewell"], news["stopped"]
                        break
        except TimeoutError:
            loss = f"no sign of life for {self._silence:g} s"
        except (OSError, ValueError) as error:
            log.debug("host %s: %s", name, error)
        self._lose(f"{name}: {loss}", stopped)

    def _lose(self, loss: str, stopped: bool) -> None:
        """Take note of the first loss, of which others are mostly the consequence, and see that all hosts know of it."""
        with self._lock:
            if self.lost.is_set():
                return
            self._loss = loss
            if stopped:
                self._hosts.stop.set()
            self.lost.set()
        if self._hosts.is_first:
            self._tell({"lost": loss, "stopped": stopped})

    def _tell(self, news: Any) -> None:
        with self._lock:
            tell(self._connections.values(), news)

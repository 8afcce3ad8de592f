"""The FIFOs of Pipe mode."""

from __future__ import annotations

import fcntl
import io
import logging
import os
import select
import time
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

from containers.stop import Stopped

log = logging.getLogger(__name__)

#: How often a wait looks at the stop event, in seconds.
TICK = 0.05
#: Seconds after which a FIFO that does not appear is mentioned in the log.
PATIENCE = 10.0
#: Bytes asked for the kernel's buffer and used for ours: fewer switches between writer and reader.
BUFFER = 1 << 20


def open_fifo(path: Path, stop: Event) -> BinaryIO:
    """Wait for a FIFO to appear, then for its writer as it is read. A reader may close it at any time.

    Raises
    ------
    Stopped
        `stop` is set during a wait, here or in a read.
    """
    patience = time.monotonic() + PATIENCE
    while not path.exists():
        if stop.wait(TICK):
            raise Stopped(f"while waiting for {path.name}")
        if time.monotonic() > patience:
            log.info("waiting for %s", path)
            patience = float("inf")
    return io.BufferedReader(_Fifo(path, stop), BUFFER)


class _Fifo(io.RawIOBase):
    """The reading end. Opened without blocking: a blocked `open` could not be called back."""

    def __init__(self, path: Path, stop: Event) -> None:
        self._name = path.name
        self._stop = stop
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with suppress(OSError, AttributeError):  # refused by the system, or unknown to it
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, BUFFER)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # Ready means data, or an end that a writer has made; until the first writer comes, Linux reports nothing.
        while not self._poll.poll(TICK * 1000):
            if self._stop.is_set():
                raise Stopped(f"while waiting for data in {self._name}")
        return os.readv(self._descriptor, [buffer])

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()

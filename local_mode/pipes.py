"""Pipe mode: a channel's files, one after the other, through a new FIFO every epoch."""

from __future__ import annotations

import fcntl
import itertools
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

#: Bytes copied at once, and the size asked for the kernel's buffer (Linux grants 1 MiB to everybody).
CHUNK = 1 << 20


class PipeFeeder:
    """Feeds ``<stem>_0``, ``<stem>_1``, … for as long as they are read.

    The next FIFO appears when the last is read to its end or closed early. Bytes are passed on as they are: no newline is
    added between files, nothing is unpacked.

    Parameters
    ----------
    stem
        Path of the channel, without the epoch.
    files
        Files in the order in which they are sent.
    on_error
        Called in the feeding thread if a file cannot be read. The reader then waits for ever, so end it.
    """

    def __init__(self, stem: Path, files: Sequence[Path], on_error: Callable[[OSError], None]) -> None:
        self._stem = stem
        self._files = files
        self._on_error = on_error
        self._closing = threading.Event()
        self._fifo = self._make(0)  # before the reader starts: a Pipe channel is known by its first FIFO
        self._thread = threading.Thread(target=self._run, name=f"pipe {stem.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the thread. Every process that reads must have ended before."""
        self._closing.set()
        while self._thread.is_alive():
            self._wake()
            self._thread.join(0.01)

    def _run(self) -> None:
        try:
            for epoch in itertools.count(1):
                self._feed()
                following = self._make(epoch)
                self._fifo, previous = following, self._fifo
                previous.unlink()
                if self._closing.is_set():
                    return
        except OSError as error:
            self._on_error(error)

    def _feed(self) -> None:
        descriptor = os.open(self._fifo, os.O_WRONLY)  # waits for a reader
        try:
            if hasattr(fcntl, "F_SETPIPE_SZ"):
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK)
            for path in self._files:
                self._send(path, descriptor)
        except BrokenPipeError:  # closed early, as the contract allows
            pass
        finally:
            os.close(descriptor)

    @staticmethod
    def _send(path: Path, descriptor: int) -> None:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(CHUNK):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]

    def _make(self, epoch: int) -> Path:
        fifo = self._stem.with_name(f"{self._stem.name}_{epoch}")
        os.mkfifo(fifo)
        return fifo

    def _wake(self) -> None:
        """Let a thread that waits for a reader go on; it then finds the pipe broken."""
        with suppress(FileNotFoundError):  # the thread is between two FIFOs; the next turn finds the new one
            os.close(os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK))

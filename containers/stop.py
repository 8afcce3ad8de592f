"""SIGTERM: told once, a job keeps what it has and ends; told twice, or too slow, it ends at once. Exit code 0 either way."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Stopped(Exception):
    """The job was told to stop while it waited for data or for a host. What has been trained so far may still be published."""


class Stop(threading.Event):
    """Set by SIGTERM while `listening`.

    A second SIGTERM, or `seconds` without an end after the first, ends the process even where its main thread is deep in
    native code; never, though, inside `finishing`, so that nothing is left half-written.
    """

    def __init__(self) -> None:
        super().__init__()
        self._finishing = threading.RLock()
        self._passing = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """Hold off the forced end while files are moved to where others look for them."""
        with self._finishing:
            yield

    @contextmanager
    def passed_on(self, process: subprocess.Popen[str]) -> Iterator[None]:
        """Inside the block the first SIGTERM is passed on to a process that does the job's work; a forced end kills it."""
        with self._passing:
            self._process = process
            if self.is_set():
                process.terminate()
        try:
            yield
        finally:
            with self._passing:
                self._process = None

    @contextmanager
    def listening(self, seconds: float, cleanup: Callable[[], None]) -> Iterator[None]:
        """Heed SIGTERM inside the block; only from the main thread. `cleanup` runs before a forced end."""
        # The C handler writes the signal's number at once, while a Python handler waits for the main thread's next bytecode.
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        handler = signal.signal(signal.SIGTERM, lambda signum, frame: None)
        wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        watcher = threading.Thread(target=self._watch, args=(ours, seconds, cleanup), name="stop", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            signal.signal(signal.SIGTERM, handler)
            theirs.close()  # ends the watcher
            watcher.join()
            ours.close()

    def _watch(self, signals: socket.socket, seconds: float, cleanup: Callable[[], None]) -> None:
        # A signal that this thread took would not wake the main thread from what it waits in.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        if not _received(signals, None):
            return
        log.info("SIGTERM: stopping")
        with self._passing:
            self.set()
            if self._process is not None:
                self._process.terminate()
        try:
            if not _received(signals, time.monotonic() + seconds):
                return
            reason = "a second SIGTERM"
        except TimeoutError:
            reason = f"not finished {seconds:g} s after SIGTERM"
        with self._finishing:
            log.warning("%s: ending now", reason)
            cleanup()
            if self._process is not None:
                self._process.kill()
            os._exit(0)


def _received(signals: socket.socket, deadline: float | None) -> bool:
    """Wait for SIGTERM: True when it came, False when the other end is closed; TimeoutError after the deadline."""
    while True:
        if deadline is not None:
            signals.settimeout(max(deadline - time.monotonic(), 1e-3))
        numbers = signals.recv(1)  # one byte a signal; other signals that have a handler arrive here, too
        if not numbers or numbers[0] == signal.SIGTERM:
            return bool(numbers)

"""How far training has come: the learning rate that follows from it, and lines of progress."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

#: Seconds between two lines of progress.
EVERY = 5.0


class Schedule:
    """A learning rate that falls linearly with the tokens learnt from, to zero at the end of the last epoch. Thread-safe.

    Parameters
    ----------
    rate
        At the beginning.
    tokens
        Of an epoch.
    """

    def __init__(self, rate: float, epochs: int, tokens: int) -> None:
        self._rate = rate
        self._tokens = epochs * tokens
        self._taken = 0
        self._seconds = 0.0
        self._logged = time.monotonic()
        self._lock = threading.Lock()

    def take(self, tokens: int) -> tuple[int, float, float]:
        """Learn from some more tokens: how many were taken before, and the rates at the first and behind the last."""
        with self._lock:
            start, self._taken = self._taken, self._taken + tokens
        return start, self._rate_at(start), self._rate_at(start + tokens)

    @contextmanager
    def running(self) -> Iterator[None]:
        """The clock of words per second runs inside the block."""
        self._seconds -= time.monotonic()
        try:
            yield
        finally:
            self._seconds += time.monotonic()

    @property
    def words_per_second(self) -> float:
        """Over all blocks that are finished."""
        return self._taken / max(self._seconds, 1e-9)

    def log_progress(self, loss: float) -> None:
        """Log a line, inside a running block, if the last is some seconds ago; `loss` is the epoch's mean so far."""
        now = time.monotonic()
        if now - self._logged < EVERY:
            return
        self._logged = now
        log.info(
            "##### Alpha: %.4f  Progress: %.2f%%  Million Words/sec: %.2f  Loss: %.4f #####",
            self._rate_at(self._taken),
            100 * min(self._taken / self._tokens, 1.0),
            self._taken / max(self._seconds + now, 1e-9) / 1e6,
            loss,
        )

    def _rate_at(self, taken: int) -> float:
        return self._rate * max(1.0 - taken / self._tokens, 0.0)

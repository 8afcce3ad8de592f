"""A channel of rows as epochs of chunks: kept in memory where it fits, streamed again each epoch where it does not."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from containers.batch import Batch

T = TypeVar("T")
_END = object()
#: Seconds that a closed thread is waited for. One that hangs in a read ends with the process.
PATIENCE = 5.0


def prefetch(items: Iterable[T], depth: int = 2) -> Generator[T]:
    """The same items, made `depth` ahead by a thread of their own, so that decoding overlaps with training.

    Closing the generator ends the thread and closes `items`.
    """
    ready: queue.Queue[Any] = queue.Queue(depth)
    closed = threading.Event()

    def put(item: Any) -> bool:
        while not closed.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        iterator = iter(items)
        try:
            for item in iterator:
                if not put((item, None)):
                    return
            put((_END, None))
        except BaseException as error:  # handed to the consumer, which raises it
            put((_END, error))
        finally:
            if hasattr(iterator, "close"):
                iterator.close()

    thread = threading.Thread(target=produce, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            item, error = ready.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item
    finally:
        closed.set()
        thread.join(PATIENCE)


def size(batch: Batch) -> int:
    """Bytes a batch holds."""
    x = batch.features
    held = x.nbytes if isinstance(x, np.ndarray) else x.data.nbytes + x.indices.nbytes + x.indptr.nbytes
    return held + sum(a.nbytes for a in (batch.labels, batch.weights) if a is not None)


@dataclass
class Table:
    """Rows of one channel.

    `load` reads until the channel ends or more than `budget` bytes are held. In the first case `head` is the whole table and
    `complete` is true. In the second the first `stream` hands out the head and goes on reading behind it, and every later one
    opens the channel again.

    Attributes
    ----------
    read
        Opens the channel for the n-th time, n counted from 0: in Pipe mode that is the number of the FIFO.
    budget
        Bytes that may be kept.
    """

    read: Callable[[int], Iterator[Batch]]
    budget: int
    head: list[Batch] = field(default_factory=list)
    complete: bool = False
    _passes: int = 0
    _rest: Generator[Batch] | None = None

    def load(self) -> Table:
        """Read as much as may be kept."""
        self._rest = self._open()
        held = 0
        for batch in self._rest:
            self.head.append(batch)
            held += size(batch)
            if held > self.budget:
                return self
        self.complete, self._rest = True, None
        return self

    def stream(self) -> Iterator[Batch]:
        """The rows once more, in the order of the channel. The head is let go of as it is handed out."""
        rest, self._rest = self._rest or self._open(), None
        with closing(rest):
            while self.head:
                yield self.head.pop(0)
            yield from rest

    def close(self) -> None:
        """End the reading that is under way, if any."""
        if self._rest is not None:
            self._rest.close()
            self._rest = None

    def _open(self) -> Generator[Batch]:
        self._passes += 1
        return prefetch(self.read(self._passes - 1))

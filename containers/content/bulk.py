"""Much text at once: when the compiled parsers are worth loading, and blocks in threads."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import BinaryIO, TypeVar

T = TypeVar("T")

#: Threads that parse, at most; each holds a block.
THREADS = min(4, os.cpu_count() or 1)


class Kernels:
    """The compiled parsers, loaded once a process has read so much that they earn back the time it takes.

    Parameters
    ----------
    after
        Bytes of text that the plain decoder reads in that time.
    """

    def __init__(self, after: int) -> None:
        self._after = after
        self._seen = 0

    def earned(self, stream: BinaryIO, block: bytes) -> ModuleType | None:
        """The module `kernels`, if a block of a stream, what lies in its file, or all blocks before are worth it."""
        self._seen += len(block)
        if max(self._seen, _size(stream)) <= self._after:
            return None
        from containers.content import kernels

        return kernels


def _size(stream: BinaryIO) -> int:
    """Bytes of the file behind a stream; 0 for a pipe, and for what lies in memory."""
    try:
        status = os.fstat(stream.fileno())
    except (AttributeError, OSError):
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def in_order(
    function: Callable[..., T], arguments: Iterable[tuple[object, ...]], threads: int = THREADS, ahead: int = 1
) -> Generator[T]:
    """Call a function in threads, and yield what it returns in the order of the arguments; `threads` + `ahead` at most wait."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[T]] = deque()
        try:
            for each in arguments:
                waiting.append(pool.submit(function, *each))
                if len(waiting) >= threads + ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

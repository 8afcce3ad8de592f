"""How much memory this process may use."""

from __future__ import annotations

import os
from pathlib import Path

MEGABYTE = 1 << 20
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_limit() -> int:
    """Bytes of memory: the container's limit where there is one, the machine's otherwise."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _LIMITS:
        try:
            return min(physical, int(path.read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return physical


def cache_bytes(megabytes: int | None) -> int:
    """Bytes of training data that may be kept: as given, or a quarter of the memory."""
    return memory_limit() // 4 if megabytes is None else megabytes * MEGABYTE

"""What the container may use of the machine: a limit of its cgroup (v2) counts where there is one."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

from containers.settings import ServeSettings

#: Threads for each core: enough that a core does not wait while requests are being read and answers written.
THREADS_PER_CORE = 4

CGROUP = Path("/sys/fs/cgroup")
MEMORY = Path("/proc/meminfo")


def cores(cgroup: Path = CGROUP) -> int:
    """Cores this process may keep busy, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except OSError:
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, math.ceil(int(quota) / int(period))))


def free_memory(cgroup: Path = CGROUP, memory: Path = MEMORY) -> int:
    """Bytes that can still be used, where the system says so (Linux); file caches count as free."""
    try:
        fields = dict(line.split(":") for line in memory.read_text().splitlines())
    except OSError:
        return sys.maxsize
    free = int(fields["MemAvailable"].split()[0]) * 1024
    try:
        limit = (cgroup / "memory.max").read_text().strip()
        used = int((cgroup / "memory.current").read_text())
        statistics = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except OSError:
        return free
    return free if limit == "max" else min(free, int(limit) - used + int(statistics["inactive_file"]))


def workers(settings: ServeSettings) -> int:
    """Worker processes: one a core.

    Under the multi-model API there is one. A model that is loaded through any connection has to answer on every other, an
    unloaded one has to free its memory, and 507 has to count all models: one process that holds them all can promise that.
    """
    return 1 if settings.multi_model else settings.workers or cores()


def threads(settings: ServeSettings) -> int:
    """Threads of each worker."""
    return settings.threads or THREADS_PER_CORE * (cores() if settings.multi_model else 1)

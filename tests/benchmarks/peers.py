"""What the benchmarks share: a peer in an environment of its own, timings in turn, and a table of medians with their spread."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


class Peer:
    """A script in an environment of its own. Its arguments are given on the command line; it says ``peer: ready``, then answers
    each line it reads, the name of a case, with ``peer: SECONDS``. Other lines are what its libraries have to say, and skipped.
    """

    def __init__(self, python: Path, script: Path, *arguments: str | Path) -> None:
        command = [python, "-W", "ignore", script, *arguments]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._answer()

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def seconds(self, case: str) -> float:
        assert self._process.stdin
        print(case, file=self._process.stdin, flush=True)
        return float(self._answer())

    def _answer(self) -> str:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("peer: "):
                return line.removeprefix("peer: ")
        raise RuntimeError(f"the peer ended with exit code {self._process.wait()}")


def clock(function: Callable[[], object]) -> float:
    """Seconds of one call, the release of its result not included."""
    begin = time.perf_counter()
    result = function()
    seconds = time.perf_counter() - begin
    del result
    return seconds


@dataclass(frozen=True)
class Sample:
    """Repeated measurements of one thing."""

    values: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def per(self, amount: float) -> Sample:
        """Amount per second for a sample of seconds."""
        return Sample([amount / value for value in self.values])

    def format(self, digits: int = 0) -> str:
        """Median, and lowest to highest."""
        return f"{self.median:,.{digits}f} ({min(self.values):,.{digits}f}–{max(self.values):,.{digits}f})"


def in_turn(repetitions: int, **measures: Callable[[], float]) -> dict[str, Sample]:
    """Call each measure once a round, so that what disturbs one disturbs the others; the first round does not count."""
    rounds = [{name: measure() for name, measure in measures.items()} for _ in range(repetitions + 1)]
    return {name: Sample([values[name] for values in rounds[1:]]) for name in measures}


def table(rows: Iterable[Mapping[str, str]]) -> str:
    """A Markdown table; the keys of the first row are its header."""
    rows = list(rows)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """Processor, cores and versions, for the line under a table."""
    model = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        model = next(
            (line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")), model
        )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"

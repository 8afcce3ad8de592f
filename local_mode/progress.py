"""A training as a terminal shows it while it runs: the epoch, and every metric that has been logged with its course."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from containers import algorithm as registry

EPOCH = re.compile(r"\bepoch=(\d+)")
#: Log lines worth seeing above the table.
NOTABLE = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 30


class LiveTraining:
    """Shows what the log lines of a job say. Metrics are found as SageMaker finds them: by the algorithm's expressions."""

    def __init__(self, algorithm: str, hyperparameters: Mapping[str, object], console: Console | None = None) -> None:
        found = registry.find(algorithm)
        self._specs = [(spec.name, re.compile(spec.regex)) for spec in found.metrics]
        declared = {declaration.name: declaration.default for declaration in found.Hyperparameters.declared()}
        epochs = str(hyperparameters.get("epochs", declared.get("epochs", "")))
        self._epochs = int(epochs) if epochs.isdigit() else None
        self._epoch = 0
        self._courses: dict[str, list[float]] = {}
        self._console = console or Console()
        self._live = Live(get_renderable=self._table, console=self._console, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def line(self, text: str) -> None:
        """Take in one line of the log."""
        if epoch := EPOCH.search(text):
            self._epoch = max(self._epoch, int(epoch[1]) + 1)
        for name, expression in self._specs:
            if (match := expression.search(text)) and (value := _number(match[1])) is not None:
                self._courses.setdefault(name, []).append(value)
        if NOTABLE.search(text):
            self._console.print(Text(text))

    def summary(self, metrics: Mapping[str, float]) -> None:
        """Print the final values."""
        table = Table("Metric", "Value", title="Final metrics", title_justify="left")
        for name, value in metrics.items():
            table.add_row(name, _text(value))
        self._console.print(table)

    def _table(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        of = f" of {self._epochs}" if self._epochs else ""
        grid.add_row(f"epoch {self._epoch}{of}", ProgressBar(self._epochs, self._epoch, width=WIDTH), "")
        # the live loop runs in its own thread: look at copies
        for name, course in list(self._courses.items()):
            values = course[-WIDTH:]
            grid.add_row(name, sparkline(values), _text(values[-1]))
        return grid


def sparkline(values: list[float]) -> str:
    """A line of bars, the lowest and highest value at the ends of the scale."""
    low, high = min(values), max(values)
    scale = (len(BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(BARS[round((value - low) * scale)] for value in values)


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip(",;%"))
    except ValueError:
        return None

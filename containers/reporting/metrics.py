"""Metrics: log lines that AWS's expressions find, lines of JSON for programs, TensorBoard events where asked."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import orjson

from containers.algorithm import Algorithm, MetricSpec
from containers.reporting.logs import BARE

log = logging.getLogger(__name__)


class Reporter:
    """Reports one host's metrics; a context manager that closes its files.

    Parameters
    ----------
    algorithm
        Declares the metrics.
    host
        This host's name.
    output_dir
        Where ``metrics.jsonl`` is written anew; None on hosts that leave it to the first.
    tensorboard_dir
        Where TensorBoard events go; None for none.
    """

    def __init__(self, algorithm: Algorithm, host: str, output_dir: Path | None, tensorboard_dir: Path | None = None) -> None:
        self._algorithm = algorithm
        self._host = host
        self._file: TextIO | None = None
        if output_dir is not None:
            output_dir.mkdir(parents=True, exist_ok=True)
            self._file = (output_dir / "metrics.jsonl").open("w", encoding="utf-8", buffering=1)  # a line is a write
        self._tensorboard: Any = None
        if tensorboard_dir is not None:
            from tensorboardX import SummaryWriter

            self._tensorboard = SummaryWriter(str(tensorboard_dir))
        self._last = time.time()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()
        if self._tensorboard is not None:
            self._tensorboard.close()

    def metric(self, name: str, value: float, *, epoch: int | None = None, **fields: Any) -> None:
        """Report one value: the log line of its `MetricSpec`, a line in ``metrics.jsonl``, a TensorBoard scalar.

        Parameters
        ----------
        name
            As declared, such as ``validation:objective_loss``. Of two declarations, that with an epoch is used if one is given.
        fields
            What else the line's template names, and what else the JSON line shall say.

        Raises
        ------
        ValueError
            The algorithm declares no such metric.
        """
        spec, number = self._spec(name, epoch is not None), float(value)
        log.info("%s", spec.line.format(host=self._host, value=number, epoch=epoch, **fields))
        self._record(name, number, epoch, fields)

    def row(self, line: str, values: Mapping[str, float], *, epoch: int, **fields: Any) -> None:
        """Report several values by one log line that holds all of them; the rest as by `metric`.

        Parameters
        ----------
        line
            Written as it is, without a prefix.
        values
            Name, such as ``validation:rmse``, to value. A name need not be declared; only what is can be a tuning objective.
        """
        log.info("%s", line, extra={BARE: True})
        for name, value in values.items():
            self._record(name, float(value), epoch, fields)

    def _record(self, name: str, number: float, epoch: int | None, fields: Mapping[str, Any]) -> None:
        """Into the files."""
        if self._file is not None:
            self._file.write(_json({"time": time.time(), "name": name, "value": number, "epoch": epoch, **fields}) + "\n")
        if self._tensorboard is not None:
            self._tensorboard.add_scalar(name.replace(":", "/"), number, epoch)  # it groups by slashes

    def metrics(self, values: Mapping[str, float | Sequence[float]], **dimensions: Any) -> None:
        """Write one ``#metrics`` line over what was measured since the last.

        Parameters
        ----------
        values
            Name to a value, or to several that are summed up. Times are in milliseconds.
        dimensions
            Such as ``epoch`` and ``model``; they add to, or replace, ``Algorithm``, ``Host`` and ``Operation``.
        """
        start, self._last = self._last, time.time()
        line = {
            "StartTime": start,
            "EndTime": self._last,
            "Dimensions": {"Algorithm": self._algorithm.name, "Host": self._host, "Operation": "training", **dimensions},
            "Metrics": {name: _summary(value) for name, value in values.items()},
        }
        log.info("#metrics %s", _json(line), extra={BARE: True})

    def _spec(self, name: str, per_epoch: bool) -> MetricSpec:
        specs = [spec for spec in self._algorithm.metrics if spec.name == name]
        if not specs:
            raise ValueError(f"{self._algorithm.name} declares no metric {name!r}")
        return next((spec for spec in specs if spec.per_epoch == per_epoch), specs[0])


def _summary(value: float | Sequence[float]) -> dict[str, float | int]:
    values = [float(item) for item in value] if isinstance(value, Sequence) else [float(value)]
    return {"sum": sum(values), "count": len(values), "min": min(values), "max": max(values)}


def _json(line: Mapping[str, Any]) -> str:
    """JSON of plain and numpy values; NaN and infinity, which JSON does not know, become null."""
    return orjson.dumps(line, default=str, option=orjson.OPT_SERIALIZE_NUMPY).decode()

"""What a job leaves: the archives of its directories, the report, the metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_mode import artifacts
from local_mode.errors import TrainingFailed, TrainingStopped
from local_mode.layout import HostLayout


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What a training has left.

    Attributes
    ----------
    model_archive, output_archive
        ``model.tar.gz`` and ``output.tar.gz``: paths or, where the output is in S3, addresses.
    report
        ``report.html``; None where reports are off.
    metrics
        The last value of every metric the first host wrote, by AWS's names.
    seconds
        Time the processes ran.
    stopped
        Whether the job was stopped; the model is the best until then.
    """

    model_archive: Path | str
    output_archive: Path | str
    report: Path | str | None
    metrics: Mapping[str, float]
    seconds: float
    stopped: bool


def collect(layouts: Sequence[HostLayout], work: Path, output: str | Path, seconds: float, stopped: bool) -> TrainingResult:
    """Pack what the hosts have left, and bring it to `output`; `work` is a directory for what is on the way.

    Raises
    ------
    TrainingStopped, TrainingFailed
        There is no model, of a job that was stopped or of one that was not.
    """
    first = layouts[0].output_data
    if not any(path.is_file() for layout in layouts for path in layout.model.rglob("*")):
        if stopped:
            raise TrainingStopped("the training was stopped before it had saved a model")
        raise TrainingFailed("AlgorithmError: the training ended without an error and without a model", 0)
    model, rest = work / "model.tar.gz", work / "output.tar.gz"
    artifacts.pack([layout.model for layout in layouts], model)
    artifacts.pack([layout.output_data for layout in layouts], rest)
    report, metrics = first / "report.html", first / "metrics.jsonl"
    values = last_values(metrics) if metrics.exists() else {}
    # the model comes last: where it is, the rest is complete
    files = [rest, *(path for path in (metrics, report) if path.exists()), model]
    places = dict(zip(files, artifacts.publish(files, output), strict=True))
    return TrainingResult(places[model], places[rest], places.get(report), values, seconds, stopped)


def last_values(metrics: Path) -> dict[str, float]:
    """The last value of every metric in a ``metrics.jsonl``; what is null there, for JSON has no word for it, is NaN."""
    values: dict[str, float] = {}
    with metrics.open() as lines:
        for line in lines:
            entry = json.loads(line)
            values[entry["name"]] = math.nan if entry["value"] is None else entry["value"]
    return values

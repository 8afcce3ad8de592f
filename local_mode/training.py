"""A training job on this machine, from the user's files to the archive of the model."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from containers.algorithm import InputMode
from containers.config import checked_name
from containers.errors import UserError
from local_mode import artifacts, network, sources
from local_mode.errors import TrainingFailed, TrainingStopped
from local_mode.layout import ChannelData, HostLayout
from local_mode.pipes import PipeFeeder
from local_mode.processes import Failure, Outcome, Process, Processes

Status = Literal["InProgress", "Completed", "Failed", "Stopped"]
OnLine = Callable[[str], None]

#: Lines of the log that stand in for the reason where a process died without giving one.
LAST_LINES = 10


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train on what. See `local_mode.train` for the fields.

    Raises
    ------
    UserError
        A field is out of range or names a channel that is not there.
    """

    algorithm: str
    channels: Mapping[str, str | Path]
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    instance_count: int = 1
    input_mode: InputMode = "File"
    content_type: str | None = None
    sharded: Sequence[str] = ()
    checkpoints: str | Path | None = None
    tensorboard: str | Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.instance_count < 1:
            raise UserError(f"instance_count: must be at least 1, got {self.instance_count}")
        for name in self.channels:
            checked_name(name, "channel")
        for name in self.sharded:
            if name not in self.channels:
                raise UserError(f"sharded: there is no channel {name!r}; the channels are {', '.join(self.channels)}")


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


class TrainingJob:
    """One job; `run` it, or `check` it, once.

    Attributes
    ----------
    name
        As SageMaker would make it: the algorithm and the time.
    status
        ``InProgress``, in the end ``Completed``, ``Failed`` or ``Stopped``.
    """

    def __init__(self, request: TrainingRequest) -> None:
        self.request = request
        self.name = f"{request.algorithm}-{datetime.now(UTC):%Y-%m-%d-%H-%M-%S-%f}"[:-3]
        self.status: Status = "InProgress"

    def run(self, output: str | Path, on_line: OnLine) -> TrainingResult:
        """Train, and bring what comes of it to `output`, a directory or an S3 prefix. See `local_mode.train`."""
        try:
            with tempfile.TemporaryDirectory(prefix="drydock-") as work:
                layouts = self._lay_out(Path(work))
                started = time.monotonic()
                outcome = self._execute(layouts, on_line)
                seconds = time.monotonic() - started
                if outcome.stopped:
                    self.status = "Stopped"
                result = _collect(layouts, Path(work), output, seconds, outcome.stopped)
            if not outcome.stopped:
                self.status = "Completed"
            return result
        finally:
            if self.status == "InProgress":
                self.status = "Failed"

    def check(self, on_line: OnLine) -> None:
        """Validate hyperparameters and read all data, on one host and without training.

        Raises
        ------
        TrainingFailed
            Something is wrong; the reason says what and where.
        """
        with tempfile.TemporaryDirectory(prefix="drydock-") as work:
            self._execute(self._lay_out(Path(work)), on_line, "--check")

    def _lay_out(self, work: Path) -> list[HostLayout]:
        request = self.request
        files = {name: sources.gather(name, location, work / "downloads" / name) for name, location in request.channels.items()}
        if request.input_mode == "Pipe":
            sources.require_alike(files)
        hosts = [f"algo-{number}" for number in range(1, request.instance_count + 1)]
        layouts = []
        for index, host in enumerate(hosts):
            channels = {
                name: ChannelData(
                    sources.shard(name, found, index, len(hosts)) if name in request.sharded else found,
                    request.input_mode,
                    request.content_type,
                    "ShardedByS3Key" if name in request.sharded else "FullyReplicated",
                )
                for name, found in files.items()
            }
            layouts.append(
                HostLayout(
                    root=work / host,
                    host=host,
                    hosts=hosts,
                    hyperparameters={name: as_text(value) for name, value in request.hyperparameters.items()},
                    channels=channels,
                    checkpoints=_directory(request.checkpoints),
                    tensorboard=_directory(request.tensorboard),
                )
            )
        for layout in layouts:
            layout.write()
        return layouts

    def _execute(self, layouts: Sequence[HostLayout], on_line: OnLine, *options: str) -> Outcome:
        """Run a process for every host and feed its pipes; raises `TrainingFailed` for the first that fails."""
        last: deque[str] = deque(maxlen=LAST_LINES)

        def hear(line: str) -> None:
            last.append(line)
            on_line(line)

        environment = self._environment([layout.host for layout in layouts])
        processes = Processes(
            [Process(layout.host, self._command(layout, *options), str(layout.root), environment) for layout in layouts]
        )
        with ExitStack() as stack:  # left in reverse: the processes end before the feeders, whose readers they are
            for layout in layouts:
                for name, channel in layout.channels.items():
                    if channel.input_mode == "Pipe":
                        paths = [path for _, path in channel.files]
                        stack.enter_context(PipeFeeder(layout.pipe_stem(name), paths, processes.abort))
            outcome = stack.enter_context(processes).run(hear)
        if outcome.failure:
            layout = next(layout for layout in layouts if layout.host == outcome.failure.host)
            raise TrainingFailed(_reason(layout, outcome.failure, last), outcome.failure.exit_code)
        return outcome

    def _command(self, layout: HostLayout, *options: str) -> list[str]:
        # -P: the directory the process stands in is no place to import from
        program = [sys.executable, "-P", "-m", "containers.train"]
        return [*program, "--algorithm", self.request.algorithm, "--root", str(layout.root), *options]

    def _environment(self, hosts: Sequence[str]) -> dict[str, str]:
        environment = {
            **os.environ,
            **self.request.environment,
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": f"arn:aws:sagemaker:local:000000000000:training-job/{self.name}",
            "PYTHONUNBUFFERED": "1",
        }
        if len(hosts) > 1:
            ports = network.free_ports(len(hosts))
            addresses = (f"{host}={network.LOOPBACK}:{port}" for host, port in zip(hosts, ports, strict=True))
            environment["DRYDOCK_HOSTS"] = ",".join(addresses)
        return environment


def _directory(path: str | Path | None) -> Path | None:
    return Path(path).expanduser().absolute() if path else None


def as_text(value: object) -> str:
    """A hyperparameter as the service passes it on: always a string, lists and mappings as JSON."""
    return json.dumps(value) if isinstance(value, list | tuple | dict) else str(value)


def _collect(layouts: Sequence[HostLayout], work: Path, output: str | Path, seconds: float, stopped: bool) -> TrainingResult:
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


def _reason(layout: HostLayout, failure: Failure, last: Sequence[str]) -> str:
    if layout.failure.exists():
        # a traceback may follow the reason; the log has it, too
        return layout.failure.read_text(errors="replace").partition("\n\n")[0].strip()
    code = failure.exit_code
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
    return "\n  ".join([f"AlgorithmError: host {failure.host} {how} and left no reason; the last lines of the log:", *last])

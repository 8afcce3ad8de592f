"""A training job on this machine, from the user's files to the archive of the model."""

from __future__ import annotations

import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from local_mode import backends, sources
from local_mode.backends import Program
from local_mode.errors import TrainingFailed
from local_mode.layout import ChannelData, HostLayout
from local_mode.pipes import PipeFeeder
from local_mode.processes import Failure, Outcome, Processes, signal_of
from local_mode.request import TrainingRequest
from local_mode.results import TrainingResult, collect
from local_mode.script import Script

Status = Literal["InProgress", "Completed", "Failed", "Stopped"]
OnLine = Callable[[str], None]

#: Lines of the log that stand in for the reason where a process died without giving one.
LAST_LINES = 10


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
        self._backend = backends.find(request.backend)

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
                result = collect(layouts, Path(work), output, seconds, outcome.stopped)
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
        script = Script.find(request.entry_point, request.source_dir)
        if script is not None:
            hyperparameters = script.hyperparameters(request.hyperparameters)
        else:
            hyperparameters = {name: _as_text(value) for name, value in request.hyperparameters.items()}
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
                    hyperparameters=hyperparameters,
                    channels=channels,
                    checkpoints=_directory(request.checkpoints),
                    tensorboard=_directory(request.tensorboard),
                    machine=self._backend.machine,
                    interface=self._backend.interface,
                )
            )
        for layout in layouts:
            layout.write()
            if script is not None:
                script.copy(layout.root)
        return layouts

    def _execute(self, layouts: Sequence[HostLayout], on_line: OnLine, *options: str) -> Outcome:
        """Run all hosts and feed their pipes; raises `TrainingFailed` for the first that fails."""
        last: deque[str] = deque(maxlen=LAST_LINES)

        def hear(line: str) -> None:
            last.append(line)
            on_line(line)

        processes = Processes()
        with ExitStack() as stack:  # left in reverse: the hosts are gone before the feeders, whose readers they are
            for layout in layouts:
                for name, channel in layout.channels.items():
                    if channel.input_mode == "Pipe":
                        paths = [path for _, path in channel.files]
                        stack.enter_context(PipeFeeder(layout.pipe_stem(name), paths, processes.abort))
            hosts = stack.enter_context(self._backend.prepare([self._program(layout, options) for layout in layouts]))
            outcome = stack.enter_context(processes).run(hosts, hear)
        if outcome.failure:
            layout = next(layout for layout in layouts if layout.host == outcome.failure.host)
            raise TrainingFailed(_reason(layout, outcome.failure, last), outcome.failure.exit_code)
        return outcome

    def _program(self, layout: HostLayout, options: Sequence[str]) -> Program:
        environment = {
            **self.request.environment,
            "TRAINING_JOB_NAME": self.name,
            "TRAINING_JOB_ARN": f"arn:aws:sagemaker:local:000000000000:training-job/{self.name}",
        }
        return Program(
            "train",
            self.request.algorithm,
            layout.root,
            host=layout.host,
            arguments=options,
            environment=environment,
            directories=layout.directories,
        )


def _directory(path: str | Path | None) -> Path | None:
    return Path(path).expanduser().absolute() if path else None


def _as_text(value: object) -> str:
    """A hyperparameter as the service passes it on: always a string, lists and mappings as JSON."""
    return json.dumps(value) if isinstance(value, list | tuple | dict) else str(value)


def _reason(layout: HostLayout, failure: Failure, last: Sequence[str]) -> str:
    if layout.failure.exists():
        # a traceback may follow the reason; the log has it, too
        return layout.failure.read_text(errors="replace").partition("\n\n")[0].strip()
    ended = signal_of(failure.exit_code)
    how = f"was ended by {ended.name}" if ended else f"exited with code {failure.exit_code}"
    return "\n  ".join([f"AlgorithmError: host {failure.host} {how} and left no reason; the last lines of the log:", *last])

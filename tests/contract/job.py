"""Training jobs as the platform runs them: a directory, a process, signals, an exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from containers.media import MediaType
from containers.settings import ServeSettings
from local_mode.pipes import PipeFeeder
from tests.contract.case import Answer, Case, Example

#: Seconds after which a job that does not end is killed, and fails its test.
PATIENCE = 120
#: The smallest pipe there is. A job whose log is not read cannot run far ahead of the test, however slow the test is.
PIPE_BYTES = 4096


class Job:
    """``/opt/ml`` of one host under a temporary root, and `train` as a process on it."""

    def __init__(self, root: Path, case: Case, hyperparameters: Mapping[str, str | None] | None = None) -> None:
        self.root, self.case = root, case
        self.lines: list[str] = []
        self._channels: dict[str, dict[str, str]] = {}
        self._pipes: dict[str, list[Path]] = {}
        self._stack = ExitStack()
        given = {**case.hyperparameters, **(hyperparameters or {})}
        self.config("hyperparameters", {name: value for name, value in given.items() if value is not None})
        self.hosts("algo-1")

    def config(self, name: str, value: object) -> Self:
        """Write a file of ``input/config``."""
        self._write(self.root / "input" / "config" / f"{name}.json", json.dumps(value).encode())
        return self

    def hosts(self, current: str, *names: str) -> Self:
        """Say which host this is, and which there are."""
        hosts = sorted({current, *names})
        return self.config("resourceconfig", {"current_host": current, "hosts": hosts, "network_interface_name": "eth0"})

    def channel(
        self, name: str, files: Mapping[str, bytes], content_type: str | None = None, mode: str = "File", **entry: str
    ) -> Self:
        """Give the job a channel; in Pipe mode its files follow each other through a FIFO every epoch."""
        data = self.root / ("piped" if mode == "Pipe" else "input/data") / name
        data.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            self._write(data / file, content)
        if mode == "Pipe":
            self._pipes[name] = [data / file for file in files]
        entry = {"TrainingInputMode": mode} | ({"ContentType": content_type} if content_type else {}) | entry
        self._channels[name] = entry
        return self.config("inputdataconfig", self._channels)

    def data(self, content_type: str | None, mode: str = "File") -> Self:
        """Give the job all channels of the case, a file each."""
        for name, examples in self.case.examples.items():
            content = self.case.encode(examples, content_type or self.case.content_types[0])
            self.channel(name, {"examples": content}, content_type, mode)
        return self

    def start(self, *arguments: str, **environ: str) -> Self:
        """Start the process; whoever starts it reads its log, by `until_epoch` and `end`."""
        command = [sys.executable, "-m", "containers.train", "--algorithm", self.case.algorithm_name, "--root", str(self.root)]
        for name, files in self._pipes.items():
            stem = self.root / "input" / "data" / name
            stem.parent.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(PipeFeeder(stem, files, lambda error: self.process.kill()))
        self.process = subprocess.Popen(
            [*command, *arguments],
            env=os.environ | self.case.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pipesize=PIPE_BYTES,
        )
        self._stack.callback(self.process.wait)
        self._stack.callback(self.process.kill)
        watchdog = threading.Timer(PATIENCE, self.process.kill)
        watchdog.start()
        self._stack.callback(watchdog.cancel)
        return self

    def end(self) -> int:
        """Read the log to its end, and return the exit code."""
        self.lines += self._log()
        code = self.process.wait()
        self.close()
        return code

    def run(self, *arguments: str, **environ: str) -> Self:
        """Train, and insist that it works."""
        code = self.start(*arguments, **environ).end()
        assert code == 0, self.log
        return self

    def until_epoch(self, number: int) -> None:
        """Read the log until it tells of that epoch, counted from 0."""
        specs = (spec for spec in self.case.algorithm.metrics if spec.name == self.case.progress)
        regex = next(spec.regex for spec in specs if spec.per_epoch)
        for line in self._log():
            self.lines.append(line)
            number -= bool(re.search(regex, line))
            if number < 0:
                return
        raise AssertionError(f"the job ended before that epoch:\n{self.log}")

    def close(self) -> None:
        """End the process, if it has not ended, and what feeds it."""
        self._stack.close()

    def _log(self) -> Iterator[str]:
        assert self.process.stdout is not None
        return iter(self.process.stdout.readline, "")

    @property
    def log(self) -> str:
        return "".join(self.lines)

    @property
    def failure(self) -> str:
        return (self.root / "output" / "failure").read_text()

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of ``metrics.jsonl``."""
        return [json.loads(line) for line in (self.root / "output/data/metrics.jsonl").read_text().splitlines()]

    @property
    def model(self) -> dict[str, bytes]:
        """All files of the model directory by name, hidden ones too."""
        directory = self.root / "model"
        return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}

    def answers(self, examples: Sequence[Example]) -> list[Answer]:
        """What the model says, loaded into this process."""
        model = self.case.algorithm.load(self.root / "model", ServeSettings.read({}, self.root))
        sent, returned = MediaType.parse(model.codec.accepts[0]), MediaType.parse(model.codec.returns[0])
        predictions = model.predict(model.codec.decode(self.case.request(examples, sent.name), sent))
        return self.case.answers(model.codec.encode(predictions, returned), returned.name)

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def end_all(*jobs: Job) -> list[int]:
    """The exit codes of jobs that run side by side: all logs are read at once, as one that nobody reads holds its job up."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(Job.end, jobs))


def run_all(jobs: Iterable[Job]) -> None:
    """Run jobs that have nothing to do with each other, as many at once as there are processors, without reports."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda job: job.run(DRYDOCK_REPORT="off"), jobs))


def factory(directory: Path) -> Iterator[Callable[..., Job]]:
    """For fixtures: a function that makes jobs in directories of their own, none of which outlives the fixture."""
    jobs: list[Job] = []

    def make(case: Case, **hyperparameters: str | None) -> Job:
        jobs.append(Job(directory / str(len(jobs)), case, hyperparameters))
        return jobs[-1]

    yield make
    for job in jobs:
        job.close()

"""Runs a user's training script."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from containers.algorithm import Framework
from containers.errors import UserError
from containers.job import TrainingJob
from containers.script.overlay import Overlay
from containers.script.process import run
from containers.script.program import NAME, Program
from containers.script.scratch import scratch
from containers.script.source import NAME as LOCATION
from containers.script.source import fetch
from containers.script.variables import arguments, variables
from containers.stop import Stopped

log = logging.getLogger(__name__)

#: Where the code lies, or is unpacked.
CODE = "/opt/ml/code"


def fit(framework: Framework, name: str, job: TrainingJob) -> None:
    """Run the script of a job to its end; `name` is the algorithm's.

    Raises
    ------
    UserError
        There is no such script, its requirements cannot be installed, or it failed; the reason ends in its last lines.
    Stopped
        The job was told to stop, and so was the script; what it has saved until then stays.
    """
    with scratch() as directory, _code(job, directory) as program:
        overlay = Overlay.make(directory / "python")
        environment = {
            **job.settings.environ,
            "PATH": os.pathsep.join([str(overlay.programs), job.settings.environ.get("PATH", os.defpath)]),
            "PYTHONUNBUFFERED": "1",
        }
        overlay.install(program, environment, job.stop)
        for host in job.hosts.all if job.hosts.count > 1 else ():
            job.hosts.address(host)  # scripts expect that every host's name is known
        for path in (job.model_dir, job.output_dir):
            path.mkdir(parents=True, exist_ok=True)
        places = [str(program.directory), *map(str, framework.paths), job.settings.environ.get("PYTHONPATH", "")]
        environment |= variables(job, program.name, _location(job), name)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
        command = program.command(overlay.python, arguments(job.hyperparameters.user))
        log.info("running %s", " ".join(command))
        ended = run(command, program.directory, environment, job.stop)
    if job.stop.is_set():
        raise Stopped(f"with the script {program.name}: {ended.how}")
    if ended.code:
        raise UserError(f"ExecuteUserScriptError: {program.name}: {ended.reason}")


def describe(job: TrainingJob) -> Mapping[str, Any]:
    """What would be run; raises `UserError` as `fit` before it runs the script."""
    with scratch() as directory, _code(job, directory) as program:
        return {"program": program.name, "arguments": arguments(job.hyperparameters.user), "channels": sorted(job.channels)}


def _location(job: TrainingJob) -> str:
    return str(job.hyperparameters.platform.get(LOCATION) or job.settings.submit_directory or CODE)


@contextmanager
def _code(job: TrainingJob, directory: Path) -> Iterator[Program]:
    """The script in its code, which is unpacked where scripts look for it, unless something is there."""
    place = job.settings.locate(CODE)
    ours = not place.exists()
    try:
        code = fetch(_location(job), place if ours else directory / "code", job.settings)
        program = Program.find(code, str(job.hyperparameters.platform.get(NAME) or job.settings.program))
        with suppress(OSError):  # archives made elsewhere may not say that it can be executed
            program.path.chmod(program.path.stat().st_mode | 0o111)
        yield program
    finally:
        if ours:
            shutil.rmtree(place, ignore_errors=True)

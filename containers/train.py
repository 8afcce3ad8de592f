"""The executable `train`: one training job, from its configuration to its artifacts."""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from containers import failure
from containers.algorithm import Algorithm, find
from containers.artifacts import clear_stale
from containers.errors import UserError
from containers.job import TrainingJob, read_job
from containers.reporting import logs
from containers.reporting.metrics import Reporter
from containers.script.algorithm import instead_of
from containers.settings import DEFAULT_ROOT, TrainSettings
from containers.stop import Stop, Stopped

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run a job and return the exit code: 0 completed or stopped, 1 the user's error, 2 ours, 130 interrupted."""
    parser = argparse.ArgumentParser("train", description=__doc__)
    parser.add_argument("--algorithm", help="its name; default: DRYDOCK_ALGORITHM")
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="directory of the job (%(default)s)")
    parser.add_argument("--check", action="store_true", help="read configuration and data without training")
    options = parser.parse_args(argv)
    logs.configure()
    try:
        settings = TrainSettings.read(os.environ if environ is None else environ, options.root, algorithm=options.algorithm)
    except UserError as error:
        return failure.report(error, TrainSettings(root=options.root).failure_file)
    return run(lambda: _algorithm(settings), settings, check if options.check else fit)


def run(load: Callable[[], Algorithm], settings: TrainSettings, action: Callable[[Algorithm, TrainingJob], None]) -> int:
    """Load the algorithm, read the job, do the action; whatever happens ends in an exit code. Only in the main thread."""
    stop = Stop()
    host = ""
    try:
        settings.failure_file.unlink(missing_ok=True)  # of an earlier run in the same root
        # Before the algorithm is imported, which may take seconds in which the job can be stopped.
        with stop.listening(settings.stop_seconds, lambda: clear_stale(settings.model_dir, host)):
            algorithm = instead_of(load(), settings)
            job = read_job(algorithm, settings, stop)
            host = job.hosts.current
            clear_stale(job.model_dir, host)
            action(algorithm, job)
    except Stopped as stopped:
        log.info("stopped %s", stopped)
    except KeyboardInterrupt:
        log.info("interrupted")
        return 130
    except Exception as error:
        return failure.report(error, settings.failure_file)
    return 0


def fit(algorithm: Algorithm, job: TrainingJob) -> None:
    """Train."""
    if job.stop.is_set():
        raise Stopped("before training began")
    if job.hyperparameters.internal:
        log.info("internal hyperparameters: %s", job.hyperparameters.internal)
    # The hosts' outputs are merged, so what has one name is written by one of them.
    directories = (job.output_dir, job.tensorboard_dir) if algorithm.metrics and job.hosts.is_first else (None, None)
    with Reporter(algorithm, job.hosts.current, *directories) as report:
        algorithm.fit(job, report)


def check(algorithm: Algorithm, job: TrainingJob) -> None:
    """Print what is in the data, as JSON and nothing else."""
    print(json.dumps(algorithm.check(job), indent=2, default=str), flush=True)


def _algorithm(settings: TrainSettings) -> Algorithm:
    if settings.algorithm is None:
        raise UserError("no algorithm: give --algorithm or set DRYDOCK_ALGORITHM")
    return find(settings.algorithm)


if __name__ == "__main__":
    raise SystemExit(main())

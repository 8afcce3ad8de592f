"""``drydock train`` and ``drydock check``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from local_mode import s3
from local_mode.backends import BackendName
from local_mode.request import TrainingRequest
from local_mode.results import TrainingResult
from local_mode.training import TrainingJob


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """NAME=VALUE texts as a mapping; the value may hold more equals signs."""
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.UsageError(f"expected NAME=VALUE, got {text!r}")
        if name in pairs:
            raise click.UsageError(f"{name} is given twice")
        pairs[name] = value
    return pairs


def runs(command: Callable[..., None]) -> Callable[..., None]:
    """How something is run: the options that `train` and `serve` share, handed on as `backend` and `environment`."""

    @click.option(
        "--backend",
        type=click.Choice(get_args(BackendName)),
        default="process",
        show_default=True,
        help="Run in a process of this machine, or in a container of the algorithm's image; see `drydock images`.",
    )
    @click.option("--env", metavar="NAME=VALUE", multiple=True, help="A variable of its environment; may be repeated.")
    @functools.wraps(command)
    def collect(env: tuple[str, ...], **rest: Any) -> None:
        command(environment=pairs(env), **rest)

    return collect


def _reads_job(command: Callable[..., None]) -> Callable[..., None]:
    """What a job reads: the options that `train` and `check` share, handed on as `algorithm` and the fields of a request."""

    @click.argument("algorithm")
    @click.argument("more", nargs=-1, metavar="")
    @click.option("--train", metavar="DATA", help="The train channel: a file, a directory or s3://bucket/prefix.")
    @click.option("--validation", metavar="DATA", help="The validation channel.")
    @click.option("--test", metavar="DATA", help="The test channel.")
    @click.option("--channel", metavar="NAME=DATA", multiple=True, help="Any other channel; may be repeated.")
    @click.option("--content-type", metavar="TYPE", help="Content type of all channels, such as text/csv.")
    @click.option(
        "--hp",
        metavar="NAME=VALUE ...",
        multiple=True,
        help="Hyperparameters, one or more; may be repeated. `drydock hyperparameters ALGORITHM` lists them.",
    )
    @click.option("--entry-point", metavar="FILE", help="A script that trains in ALGORITHM's place, as xgboost allows.")
    @click.option("--source-dir", metavar="DIR|s3://…", help="The directory in which that script lies, with all it needs.")
    @functools.wraps(command)
    def collect(
        more: tuple[str, ...],
        train: str | None,
        validation: str | None,
        test: str | None,
        channel: tuple[str, ...],
        hp: tuple[str, ...],
        **rest: Any,
    ) -> None:
        named = {"train": train, "validation": validation, "test": test}
        channels = pairs([*(f"{name}={data}" for name, data in named.items() if data), *channel])
        if not channels:
            raise click.UsageError("name some data, such as --train DATA")
        if rest["content_type"] is None and any(data.endswith((".csv", ".csv.gz")) for data in channels.values()):
            click.echo("note: without --content-type text/csv, data are read as the algorithm's default type", err=True)
        command(channels=channels, hyperparameters=pairs([*hp, *more]), **rest)

    return collect


@click.command(short_help="Train a model on this machine.")
@_reads_job
@click.option(
    "--input-mode",
    type=click.Choice(["File", "FastFile", "Pipe"]),
    default="File",
    show_default=True,
    help="How the job reads its channels. Pipe streams the files through a FIFO an epoch.",
)
@click.option(
    "--instance-count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Hosts, which train together.",
)
@click.option("--sharded", metavar="CHANNEL", multiple=True, help="Share this channel's files out among the hosts.")
@click.option("--checkpoints", metavar="DIR", help="Write checkpoints here, and resume from those found here.")
@click.option("--tensorboard", metavar="DIR", help="Write TensorBoard events here while training.")
@runs
@click.option("--output", metavar="DIR|s3://…", required=True, help="Where the model goes.")
def train(algorithm: str, hyperparameters: dict[str, str], output: str, **request: Any) -> None:
    """Train ALGORITHM, as SageMaker would, on this machine.

    OUTPUT gets model.tar.gz, output.tar.gz, report.html and metrics.jsonl; nothing, if the training fails. Ctrl-C stops the
    job and keeps the best model so far; a second Ctrl-C ends it at once.

    On a terminal the progress is shown; otherwise the job's log lines are passed through as they are.

    \b
      drydock train linear-learner --train data/train --validation data/validation \\
          --hp predictor_type=binary_classifier --hp epochs=20 --input-mode Pipe --output out
    """
    job = TrainingJob(TrainingRequest(algorithm, hyperparameters=hyperparameters, **request))
    if not sys.stdout.isatty():
        result = job.run(output, click.echo)
    else:
        from local_mode.progress import LiveTraining

        with LiveTraining(algorithm, hyperparameters) as live:
            result = job.run(output, live.line)
        live.summary(result.metrics)
    _conclude(result)


def _conclude(result: TrainingResult) -> None:
    """The last words go to stderr: stdout carries the job's log."""
    what = "stopped; the best model so far" if result.stopped else "done"
    click.echo(f"{what} after {result.seconds:.1f} s: {_short(result.model_archive)}", err=True)
    if result.report:
        click.echo(f"report: {_short(result.report)}", err=True)


def _short(place: Path | str) -> str:
    if s3.is_uri(place):
        return str(place)
    path = Path(place)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


@click.command(short_help="Validate data and hyperparameters without training.")
@_reads_job
def check(**request: Any) -> None:
    """Read all data as a training of ALGORITHM would, and validate the hyperparameters, without training.

    What is wrong is named with file and line, or record; all bad hyperparameters are listed at once.

    \b
      drydock check linear-learner --train my.csv --content-type text/csv --hp predictor_type=regressor
    """
    lines: list[str] = []
    TrainingJob(TrainingRequest(**request)).check(lines.append)
    click.echo("\n".join(lines))
    click.echo("ok", err=True)

"""Runs SageMaker's built-in algorithms on this machine: `train`, `serve`, and the ``drydock`` command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from containers.algorithm import InputMode
from local_mode.backends import BackendName
from local_mode.endpoint import Endpoint
from local_mode.errors import EndpointFailed, InvocationFailed, TrainingFailed, TrainingStopped
from local_mode.request import TrainingRequest
from local_mode.results import TrainingResult
from local_mode.training import OnLine, TrainingJob

__all__ = [
    "Endpoint",
    "EndpointFailed",
    "InvocationFailed",
    "TrainingFailed",
    "TrainingJob",
    "TrainingRequest",
    "TrainingResult",
    "TrainingStopped",
    "serve",
    "train",
]


def train(
    algorithm: str,
    channels: Mapping[str, str | Path],
    hyperparameters: Mapping[str, object],
    output: str | Path,
    *,
    instance_count: int = 1,
    input_mode: InputMode = "File",
    content_type: str | None = None,
    sharded: Sequence[str] = (),
    checkpoints: str | Path | None = None,
    tensorboard: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    backend: BackendName = "process",
    entry_point: str | None = None,
    source_dir: str | Path | None = None,
    on_line: OnLine | None = None,
) -> TrainingResult:
    """Train on this machine as SageMaker would: one process or container a host, under the ``/opt/ml`` contract.

    Ctrl-C stops the job: the best model so far is saved and returned. A second one ends it at once.

    Parameters
    ----------
    algorithm
        AWS's name, such as ``linear-learner``.
    channels
        Name to data: a file, a directory, or an S3 prefix. Files are linked, never changed.
    hyperparameters
        As one would give them to SageMaker; numbers and booleans need not be strings.
    output
        Directory or S3 prefix that gets ``model.tar.gz``, ``output.tar.gz``, ``report.html`` and ``metrics.jsonl``. It gets
        nothing if the training fails.
    instance_count
        Hosts, which train together.
    input_mode
        How channels are given: ``File``, ``FastFile`` or ``Pipe``.
    content_type
        Of all channels; None leaves it to the algorithm.
    sharded
        Channels whose files are shared out among the hosts (``ShardedByS3Key``); the others are given whole to each.
    checkpoints
        Directory to write checkpoints to, and to resume from.
    tensorboard
        Directory that gets TensorBoard events while the job runs; None writes none.
    environment
        More variables for the hosts.
    backend
        ``process``: a process each, in the environment of this one. ``docker``: a container each, from the algorithm's image.
    entry_point, source_dir
        A script that trains in the algorithm's place, for algorithms that are frameworks too: a file, or its path inside a
        directory, which may be an archive in S3. Hyperparameters are its arguments. See ``containers/README.md``.
    on_line
        Called with every line of the log.

    Raises
    ------
    UserError
        There is no such data, or an argument is wrong.
    TrainingFailed
        A host failed; the reason is that of the first.
    TrainingStopped
        The job was stopped before it had saved a model.
    """
    request = TrainingRequest(
        algorithm,
        channels,
        hyperparameters,
        instance_count=instance_count,
        input_mode=input_mode,
        content_type=content_type,
        sharded=sharded,
        checkpoints=checkpoints,
        tensorboard=tensorboard,
        environment=environment or {},
        backend=backend,
        entry_point=entry_point,
        source_dir=source_dir,
    )
    return TrainingJob(request).run(output, on_line or _ignore)


def serve(
    model: str | Path,
    *,
    algorithm: str | None = None,
    port: int | None = None,
    workers: int | None = None,
    environment: Mapping[str, str] | None = None,
    backend: BackendName = "process",
    entry_point: str | None = None,
    source_dir: str | Path | None = None,
    on_line: OnLine | None = None,
) -> Endpoint:
    """Serve a model on a loopback port until the endpoint is closed.

    Parameters
    ----------
    model
        ``model.tar.gz``, or a directory that holds its files.
    algorithm
        AWS's name; None reads it from the model's ``model.json``.
    port
        None takes a free one.
    workers
        Server processes; None leaves it to the server, which counts the cores.
    environment
        More variables for the server.
    backend
        As for `train`.
    entry_point, source_dir
        A script that serves in the algorithm's place; otherwise as for `train`.
    on_line
        Called, in another thread, with every line of the server's log.

    Raises
    ------
    UserError
        There is no such model, or its archive is not safe to unpack.
    EndpointFailed
        The server did not come up.

    Examples
    --------
    >>> with serve("out/model.tar.gz") as endpoint:                       # doctest: +SKIP
    ...     endpoint.invoke("5.1,3.5,1.4,0.2", "text/csv", "application/json")
    """
    return Endpoint(
        model,
        algorithm=algorithm,
        port=port,
        workers=workers,
        environment=environment or {},
        backend=backend,
        entry_point=entry_point,
        source_dir=source_dir,
        on_line=on_line or _ignore,
    )


def _ignore(line: str) -> None:
    pass

"""Every environment variable that a container reads, and the paths that follow from its root; read once and passed on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from containers.errors import UserError

DEFAULT_ROOT = Path("/opt/ml")
MEGABYTE = 1024 * 1024


def _text(text: str) -> str:
    return text


def _switch(text: str) -> bool:
    try:
        return {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}[text.lower()]
    except KeyError:
        raise ValueError("expected on, true or 1, or off, false or 0") from None


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"expected an integer from {low} to {high}")
        return int(text)

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return read


def _addresses(text: str) -> tuple[tuple[str, str], ...]:
    """``algo-1=127.0.0.1:40001,algo-2=127.0.0.1:40002`` as pairs of host and address."""
    addresses = []
    for part in text.split(","):
        host, _, address = part.strip().partition("=")
        if not host or not address.rpartition(":")[0] or not address.rpartition(":")[2].isdigit():
            raise ValueError("expected host=address:port, several separated by commas")
        addresses.append((host, address))
    return tuple(addresses)


def _variable(name: str, meaning: str, default: Any, read: Callable[[str], Any] = _text) -> Any:
    return field(default=default, metadata={"variable": name, "meaning": meaning, "read": read})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `train` and `serve` share."""

    root: Path = DEFAULT_ROOT
    algorithm: str | None = _variable("DRYDOCK_ALGORITHM", "name of the algorithm, where `--algorithm` does not say it", None)
    program: str | None = _variable("SAGEMAKER_PROGRAM", "[script](#scripts) that takes the algorithm's place", None)
    submit_directory: str | None = _variable(
        "SAGEMAKER_SUBMIT_DIRECTORY",
        "where that script lies: a directory or a tar archive, as a path, `file://` or, the archive, `s3://`; "
        "if not given `/opt/ml/code` to train, `/opt/ml/model/code` to serve",
        None,
    )
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The whole environment, read-only: for variables that belong to one algorithm."""

    @classmethod
    def variables(cls) -> list[tuple[str, str]]:
        """Name and meaning of every environment variable that is read."""
        return [(item.metadata["variable"], item.metadata["meaning"]) for item in fields(cls) if "variable" in item.metadata]

    @classmethod
    def read(cls, environ: Mapping[str, str], root: Path | None = None, **overrides: Any) -> Self:
        """Read the environment; an empty variable counts as absent, and an override that is not None wins.

        Raises
        ------
        UserError
            One line for every variable with a value that cannot be.
        """
        values: dict[str, Any] = {"root": (root or DEFAULT_ROOT).absolute(), "environ": MappingProxyType(dict(environ))}
        problems = []
        for item in fields(cls):
            text = environ.get(item.metadata.get("variable", ""), "").strip()
            if text:
                try:
                    values[item.name] = item.metadata["read"](text)
                except ValueError as error:
                    problems.append(f"environment variable {item.metadata['variable']}: {error}, got {text!r}")
        if problems:
            raise UserError("\n".join(problems))
        return cls(**values | {name: value for name, value in overrides.items() if value is not None})

    def locate(self, path: str) -> Path:
        """Where a path of the contract lies here: what is under ``/opt/ml`` is under `root`."""
        given = Path(path)
        return self.root / given.relative_to(DEFAULT_ROOT) if given.is_relative_to(DEFAULT_ROOT) else given

    def switch(self, variable: str, *, default: bool) -> bool:
        """A variable of one algorithm that is on or off; raises as `read`."""
        text = self.environ.get(variable, "").strip()
        try:
            return _switch(text) if text else default
        except ValueError as error:
            raise UserError(f"environment variable {variable}: {error}, got {text!r}") from None

    @property
    def model_dir(self) -> Path:
        return self.root / "model"


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Settings):
    """What `train` reads."""

    job_name: str = _variable("TRAINING_JOB_NAME", "name of the job, for logs and the report", "training-job")
    addresses: tuple[tuple[str, str], ...] = _variable(
        "DRYDOCK_HOSTS",
        "addresses of hosts whose names no resolver knows: `algo-1=127.0.0.1:40001,algo-2=127.0.0.1:40002`",
        (),
        _addresses,
    )
    report: bool = _variable("DRYDOCK_REPORT", "`off` leaves out `report.html`", True, _switch)
    tensorboard: bool = _variable(
        "DRYDOCK_TENSORBOARD", "`1` writes TensorBoard events to `output/tensorboard`", False, _switch
    )
    cache_megabytes: int | None = _variable(
        "DRYDOCK_CACHE_MB",
        "megabytes of training data that may be kept in memory between epochs; a quarter of the memory if not given",
        None,
        _integer(0, 1 << 30),
    )
    stop_seconds: int = _variable(
        "DRYDOCK_STOP_SECONDS", "seconds from SIGTERM after which the process ends, saved or not", 100, _integer(1, 86400)
    )

    @property
    def config_dir(self) -> Path:
        return self.root / "input" / "config"

    @property
    def data_dir(self) -> Path:
        return self.root / "input" / "data"

    @property
    def output_dir(self) -> Path:
        return self.root / "output" / "data"

    @property
    def failure_file(self) -> Path:
        return self.root / "output" / "failure"


@dataclass(frozen=True, kw_only=True)
class ServeSettings(Settings):
    """What `serve` reads."""

    port: int = _variable("SAGEMAKER_BIND_TO_PORT", "port to listen on", 8080, _integer(0, 65535))
    host: str = _variable("DRYDOCK_BIND", "address to listen on", "0.0.0.0")  # noqa: S104 a container is reached from outside
    workers: int | None = _variable(
        "MODEL_SERVER_WORKERS", "worker processes; one a core if not given", None, _integer(1, 1024)
    )
    threads: int | None = _variable("DRYDOCK_THREADS", "threads a worker", None, _integer(1, 1024))
    timeout: int = _variable(
        "MODEL_SERVER_TIMEOUT", "seconds a worker may show no sign of life, as while it loads a model", 480, _integer(1, 3600)
    )
    read_seconds: int = _variable(
        "DRYDOCK_READ_SECONDS",
        "seconds a client may send nothing in the middle of a request before it is given up",
        60,
        _integer(1, 3600),
    )
    max_payload_megabytes: int | None = _variable(
        "SAGEMAKER_MAX_PAYLOAD_IN_MB",
        "largest request body, in MB; AWS's limits if not given: 25, and 100 under batch transform",
        None,
        _integer(1, 1024),
    )
    batch: bool = _variable("SAGEMAKER_BATCH", "`true` under batch transform", False, _switch)
    batch_strategy: str = _variable(
        "SAGEMAKER_BATCH_STRATEGY",
        "what `/execution-parameters` answers",
        "MULTI_RECORD",
        _one_of("SINGLE_RECORD", "MULTI_RECORD", "SingleRecord", "MultiRecord"),
    )
    max_concurrent_transforms: int | None = _variable(
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS",
        "what `/execution-parameters` answers; workers x threads if not given",
        None,
        _integer(1, 1024),
    )
    multi_model: bool = _variable("SAGEMAKER_MULTI_MODEL", "`true` serves the multi-model API", False, _switch)
    max_models: int | None = _variable(
        "DRYDOCK_MAX_MODELS",
        "models loaded at once under the multi-model API; as many as memory holds if not given",
        None,
        _integer(1, 1_000_000),
    )

    @property
    def max_payload_bytes(self) -> int:
        return (self.max_payload_megabytes or (100 if self.batch else 25)) * MEGABYTE

"""Hosts of a job as processes on loopback ports.

Run as a module, this is one host: ``python -m tests.algorithms.xgboost.processes ROOT MODULE DEED``. It does `MODULE.DEED(job)`
as the executable `train` would do an algorithm's `fit`: with its signals, exit codes and failure file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from algorithms.xgboost.data import CHANNELS
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.importing import import_xgboost
from containers import train
from containers.settings import TrainSettings
from local_mode.network import LOOPBACK, free_ports


class Host:
    """One host of a job, running."""

    def __init__(self, root: Path, deed: Callable[..., None], environ: Mapping[str, str]) -> None:
        self.root = root
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, root, deed.__module__, deed.__name__],
            env=os.environ | environ,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tells(self) -> Any:
        """The next thing that the deed prints by `tell`; None when the process has ended without another."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)["told"]
        return None

    def end(self) -> int:
        """The exit code."""
        while self.tells() is not None:
            pass
        return self.process.wait()

    @property
    def failure(self) -> str:
        """The first line of the failure file."""
        return (self.root / "output" / "failure").read_text().partition("\n")[0]


def tell(value: Any) -> None:
    """In a deed: say something to the test."""
    print(json.dumps({"told": value}), flush=True)


def names(count: int) -> list[str]:
    return [f"algo-{number}" for number in range(1, count + 1)]


def starter(directory: Path) -> Iterator[Callable[..., list[Host]]]:
    """For fixtures: a function that starts the hosts of a job, none of which outlives the fixture."""
    started: list[Host] = []

    def start(count: int, deed: Callable[..., None], absent: str = "", **hyperparameters: str) -> list[Host]:
        """Start `count` hosts, but for the one that is `absent`; channels are what lies under ``directory/HOST/input/data``."""
        addresses = ",".join(f"{name}={LOOPBACK}:{port}" for name, port in zip(names(count), free_ports(count), strict=True))
        hosts = []
        for name in names(count):
            if name == absent:
                continue
            root = directory / name
            write(root, "resourceconfig", {"current_host": name, "hosts": names(count)})
            write(root, "hyperparameters", {"num_round": "10"} | hyperparameters)
            data = root / "input" / "data"
            channels = sorted(path.name for path in data.iterdir()) if data.exists() else ["train"]
            entry = {"ContentType": "libsvm", "S3DistributionType": "ShardedByS3Key"}
            write(root, "inputdataconfig", dict.fromkeys(channels, entry))
            hosts.append(Host(root, deed, {"DRYDOCK_HOSTS": addresses}))
        started.extend(hosts)
        return hosts

    yield start
    for host in started:
        host.process.kill()
        host.process.wait()


def write(root: Path, name: str, value: Any) -> None:
    path = root / "input" / "config" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def main(root: str, module: str, deed: str) -> int:
    import_xgboost()
    algorithm = SimpleNamespace(Hyperparameters=XGBoostHyperparameters, channels=CHANNELS)
    do = getattr(import_module(module), deed)
    return train.run(lambda: algorithm, TrainSettings.read(os.environ, Path(root)), lambda _, job: do(job))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))

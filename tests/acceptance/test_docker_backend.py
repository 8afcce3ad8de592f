"""`--backend docker`: the same job as with processes, and nothing of it remains."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import local_mode
from tests.acceptance.container import docker
from tests.acceptance.learned import accuracy, as_csv

HYPERPARAMETERS = {"predictor_type": "binary_classifier", "epochs": 5, "num_models": 4}
ENDLESS = HYPERPARAMETERS | {"epochs": 1_000_000, "early_stopping_patience": 1_000_000}


@pytest.fixture(autouse=True)
def nothing_remains(image):
    """Containers and networks are those there were before."""

    def all_there_are() -> tuple[str, str]:
        ours = ("--quiet", "--filter", "name=drydock-")
        return docker("ps", "--all", *ours), docker("network", "ls", *ours)

    before = all_there_are()
    yield
    assert all_there_are() == before


def train(csv: Path, output: Path, hyperparameters=HYPERPARAMETERS, **options) -> local_mode.TrainingResult:
    return local_mode.train(
        "linear-learner", {"train": csv}, hyperparameters, output, content_type="text/csv", backend="docker", **options
    )


def test_train_and_serve(csv, rows, tmp_path):
    result = train(csv, tmp_path / "out", checkpoints=tmp_path / "checkpoints")
    assert any((tmp_path / "checkpoints").iterdir())
    assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {os.getuid()}
    with local_mode.serve(result.model_archive, backend="docker", workers=1) as endpoint:
        assert accuracy(endpoint.invoke(as_csv(rows), "text/csv", "application/json"), rows) > 0.95


def test_two_hosts_share_the_work(csv, rows, tmp_path):
    lines: list[str] = []
    result = train(csv, tmp_path / "out", instance_count=2, sharded=["train"], input_mode="Pipe", on_line=lines.append)
    assert {"algo-1", "algo-2"} <= {word.rstrip(",").removeprefix("host=") for line in lines for word in line.split()}
    with local_mode.serve(result.model_archive, workers=1) as endpoint:  # a process serves what containers have trained
        assert accuracy(endpoint.invoke(as_csv(rows), "text/csv", "application/json"), rows) > 0.95


def test_a_host_that_is_killed_ends_the_other(csv, tmp_path):
    def kill(line: str) -> None:
        if "epoch=3" in line and not killed.is_set():
            killed.set()
            (name,) = docker("ps", "--format", "{{.Names}}", "--filter", "name=algo-2").split()
            docker("kill", name)

    killed = threading.Event()
    with pytest.raises(local_mode.TrainingFailed, match=r"host algo-2 was ended by SIGKILL|lost contact with another host"):
        train(csv, tmp_path / "out", ENDLESS, instance_count=2, on_line=kill)
    assert not (tmp_path / "out").exists()


def test_bad_hyperparameters(csv, tmp_path):
    with pytest.raises(local_mode.TrainingFailed, match=r"^ClientError: .*epochs") as failed:
        train(csv, tmp_path / "out", {"predictor_type": "regressor", "epochs": -1})
    assert failed.value.exit_code == 1


def test_a_stop_of_the_command_keeps_the_model(csv, tmp_path):
    command = [sys.executable, "-m", "local_mode.cli", "train", "linear-learner", "--train", str(csv)]
    given = [f"{name}={value}" for name, value in ENDLESS.items()]
    options = ["--content-type", "text/csv", "--backend", "docker", "--output", str(tmp_path / "out"), "--hp", *given]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert any("epoch=3" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    assert words.startswith("stopped; the best model so far")
    assert (tmp_path / "out" / "model.tar.gz").exists()

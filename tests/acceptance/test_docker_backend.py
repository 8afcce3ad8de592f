"""`--backend docker`: the same job as with processes, and nothing of it remains."""

import os
import re
import signal
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

import local_mode
from tests.acceptance.container import docker, write
from tests.acceptance.learned import formats
from tests.acceptance.test_training import progress


@pytest.fixture(autouse=True)
def nothing_remains(image):
    """Containers and networks are those there were before."""

    def all_there_are() -> tuple[str, str]:
        ours = ("--quiet", "--filter", "name=drydock-")
        return docker("ps", "--all", *ours), docker("network", "ls", *ours)

    before = all_there_are()
    yield
    assert all_there_are() == before


@pytest.fixture
def train(case, tmp_path):
    """`train(**options)`: a job of the case in `tmp_path / "out"`."""

    def run(hyperparameters=None, **options) -> local_mode.TrainingResult:
        given = {**case.hyperparameters, **(hyperparameters or {})}
        channels = write(case, tmp_path / "data")
        options = {"content_type": case.content_types[-1], "backend": "docker"} | options
        return local_mode.train(case.algorithm_name, channels, given, tmp_path / "out", **options)

    return run


def score(case, endpoint, archive: Path) -> float:
    with tarfile.open(archive) as packed:
        packed.extractall(archive.parent / "unpacked", filter="data")
    accepts, returns = formats(case, archive.parent / "unpacked")
    answer = endpoint.invoke(case.request(case.unseen, accepts[0]), accepts[0], returns[0])
    return case.score(case.unseen, case.answers(answer, returns[0]))


def test_train_and_serve(case, train, tmp_path):
    result = train(checkpoints=tmp_path / "checkpoints")
    if case.resumes:
        assert any((tmp_path / "checkpoints").iterdir())
    assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {os.getuid()}
    with local_mode.serve(result.model_archive, backend="docker", workers=1) as endpoint:
        assert case.is_good(score(case, endpoint, result.model_archive))


def test_two_hosts_share_the_work(case, train):
    result = train(instance_count=2, sharded=["train"], input_mode=case.input_modes[-1])
    with local_mode.serve(result.model_archive, workers=1) as endpoint:  # a process serves what containers have trained
        assert case.is_good(score(case, endpoint, result.model_archive))


@pytest.mark.brief
def test_a_host_that_is_killed_ends_the_other(case, train, tmp_path):
    def kill(line: str) -> None:
        if re.search(progress(case), line) and not killed.is_set():
            killed.set()
            (name,) = docker("ps", "--format", "{{.Names}}", "--filter", "name=algo-2").split()
            docker("kill", name)

    killed = threading.Event()
    with pytest.raises(local_mode.TrainingFailed, match=r"host algo-2 was ended by SIGKILL|lost contact with another host"):
        train(case.endless, instance_count=2, on_line=kill)
    assert not (tmp_path / "out").exists()


def test_bad_hyperparameters(train):
    with pytest.raises(local_mode.TrainingFailed, match=r"^ClientError: .*unheard_of") as failed:
        train({"unheard_of": 1})
    assert failed.value.exit_code == 1


def test_a_stop_of_the_command_keeps_the_model(case, tmp_path):
    command = [sys.executable, "-m", "local_mode.cli", "train", case.algorithm_name]
    given = [f"{name}={value}" for name, value in {**case.hyperparameters, **case.endless}.items()]
    channels = [word for name, path in write(case, tmp_path / "data").items() for word in (f"--{name}", str(path))]
    options = ["--content-type", case.content_types[-1], "--backend", "docker", "--output", str(tmp_path / "out")]
    with subprocess.Popen(
        [*command, *channels, *options, "--hp", *given], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert any(re.search(progress(case), line) for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        _, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    assert words.startswith("stopped; the best model so far")
    assert (tmp_path / "out" / "model.tar.gz").exists()

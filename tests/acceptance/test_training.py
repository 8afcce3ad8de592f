"""The image trains, and ends as the contract says."""

import threading
import time

import pytest

from local_mode.pipes import PipeFeeder
from tests.acceptance.container import docker, running
from tests.acceptance.learned import learned

ENDLESS = {"epochs": "1000000", "early_stopping_patience": "1000000"}


@pytest.mark.parametrize("command", [["train"], []], ids=["train", "no command"])
def test_train_in_file_mode(image, make_job, rows, command):
    job = make_job()
    with running(image, *command, options=job.mounted()) as container:
        assert container.wait() == 0, container.log
        assert "Warning" not in container.log
    assert learned(job.model, rows)
    assert {path.stat().st_uid for path in job.model.iterdir()} == {12345}
    assert (job.root / "output/data/report.html").exists()


def test_train_in_pipe_mode(image, make_job, csv, rows):
    job = make_job("Pipe")
    failed = threading.Event()
    feeder = PipeFeeder(job.stem, sorted(csv.iterdir()), lambda error: failed.set())
    with feeder, running(image, "train", options=job.mounted()) as container:
        assert container.wait() == 0, container.log
    assert not failed.is_set()
    assert learned(job.model, rows)


@pytest.mark.parametrize("user", ["0:0", "1000:1000", "2147483647:0"])
def test_train_as_any_user(image, make_job, rows, user):
    job = make_job()
    with running(image, options=(*job.mounted(), "--user", user), hardened=False) as container:
        assert container.wait() == 0, container.log
    assert learned(job.model, rows)


def test_stop_keeps_the_model(image, make_job, rows):
    job = make_job(**ENDLESS)
    with running(image, "train", options=job.mounted()) as container:
        container.wait_for_log("epoch=3")
        start = time.monotonic()
        docker("stop", "--time", "120", container.name)
        assert time.monotonic() - start < 60
        assert container.wait() == 0, container.log
    assert learned(job.model, rows)


def test_stop_while_it_waits_for_data(image, make_job):
    with running(image, "train", options=make_job("Pipe").mounted()) as container:  # nobody makes the pipe
        container.wait_for_log("Final configuration")
        docker("stop", "--time", "60", container.name)
        assert container.wait() == 0, container.log


def test_bad_hyperparameters(image, make_job):
    job = make_job(epochs="-1", learning_rte="1")
    with running(image, "train", options=job.mounted()) as container:
        assert container.wait() == 1
    assert job.failure.startswith("ClientError: ")
    assert "epochs: expected an integer" in job.failure
    assert "did you mean 'learning_rate'" in job.failure


def test_a_read_only_model_directory(image, make_job):
    job = make_job()
    with running(image, "train", options=(*job.mounted(), "--volume", f"{job.model}:/opt/ml/model:ro")) as container:
        assert container.wait() == 2, container.log
    assert job.failure.startswith("AlgorithmError: the model cannot be written: ")
    assert "Read-only file system" in job.failure


def test_a_full_disk(image, make_job):
    job = make_job()
    full = "type=tmpfs,target=/opt/ml/model,tmpfs-size=4096,tmpfs-mode=1777"
    with running(image, "train", options=(*job.mounted(), "--mount", full)) as container:
        assert container.wait() == 2, container.log
    assert "No space left on device" in job.failure

"""An image trains, and ends as the contract says."""

import time

import pytest

from tests.acceptance.container import docker, running
from tests.acceptance.learned import learned

streams = pytest.mark.only(lambda case: "Pipe" in case.input_modes)


def progress(case) -> str:
    """An expression that finds a line of every epoch."""
    return next(spec.regex for spec in case.algorithm.metrics if spec.name == case.progress and spec.per_epoch)


@pytest.mark.brief
@pytest.mark.parametrize("command", [["train"], []], ids=["train", "no command"])
def test_train_in_file_mode(image, case, make_job, command):
    job = make_job()
    with running(image, *command, options=job.mounted()) as container:
        assert container.wait() == 0, container.log
        assert "Warning" not in container.log
    assert learned(case, job.model)
    assert {path.stat().st_uid for path in job.model.iterdir()} == {12345}
    assert (job.root / "output/data/report.html").exists()


@streams
def test_train_in_pipe_mode(image, case, make_job):
    job = make_job("Pipe")
    with job.fed(), running(image, "train", options=job.mounted()) as container:
        assert container.wait() == 0, container.log
    assert learned(case, job.model)


@pytest.mark.parametrize("user", ["0:0", "1000:1000", "2147483647:0"])
def test_train_as_any_user(image, case, make_job, user):
    job = make_job()
    with running(image, options=(*job.mounted(), "--user", user), hardened=False) as container:
        assert container.wait() == 0, container.log
    assert learned(case, job.model)


@pytest.mark.brief
def test_stop_keeps_the_model(image, case, make_job):
    job = make_job(**case.endless)
    with running(image, "train", options=job.mounted()) as container:
        container.wait_for_log(progress(case), times=4)
        start = time.monotonic()
        docker("stop", "--time", "120", container.name)
        assert time.monotonic() - start < 60
        assert container.wait() == 0, container.log
    assert learned(case, job.model)


@streams
def test_stop_while_it_waits_for_data(image, make_job):
    with running(image, "train", options=make_job("Pipe").mounted()) as container:  # nobody makes the pipe
        container.wait_for_log(r"waiting for|Final configuration")
        docker("stop", "--time", "60", container.name)
        assert container.wait() == 0, container.log


def test_bad_hyperparameters(image, make_job):
    job = make_job(unheard_of="1")
    with running(image, "train", options=job.mounted()) as container:
        assert container.wait() == 1
    assert job.failure.startswith("ClientError: ")
    assert "unheard_of: unknown hyperparameter" in job.failure


@pytest.mark.brief
def test_a_read_only_model_directory(image, make_job):
    job = make_job()
    with running(image, "train", options=(*job.mounted(), "--volume", f"{job.model}:/opt/ml/model:ro")) as container:
        assert container.wait() == 2, container.log
    assert job.failure.startswith("AlgorithmError: the model cannot be written: ")
    assert "Read-only file system" in job.failure


@pytest.mark.brief
def test_a_full_disk(image, make_job):
    job = make_job()
    full = "type=tmpfs,target=/opt/ml/model,tmpfs-size=4096,tmpfs-mode=1777"
    with running(image, "train", options=(*job.mounted(), "--mount", full)) as container:
        assert container.wait() == 2, container.log
    assert "No space left on device" in job.failure

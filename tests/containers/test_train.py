"""`train` as a process: exit codes, the failure file, signals, and what is left in the model directory."""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from containers import failure, train
from containers.errors import AlgorithmError, UserError
from tests.containers.conftest import JobDirectory
from tests.containers.tiny import algorithm

REPOSITORY = Path(__file__).parents[2]
SECONDS = 30
PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """An installed package, as far as entry points are concerned, with the tiny algorithm."""
    information = tmp_path / "site" / "tiny-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[drydock.algorithms]\ntiny = tests.containers.tiny:algorithm\n")
    return information.parent


@contextmanager
def training(plugin: Path, root: Path, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": f"{plugin}{os.pathsep}{REPOSITORY}", **environ}
    command = [sys.executable, "-m", "containers.train", "--root", str(root), *arguments]
    with subprocess.Popen(command, env=environment, text=True, **PIPES) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(plugin: Path, root: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    with training(plugin, root, "--algorithm", "tiny", *arguments, **environ) as process:
        output, _ = process.communicate(timeout=SECONDS)
    return process.returncode, output


def run(job_directory: JobDirectory, **hyperparameters: str) -> int:
    """The same in this process."""
    job_directory.config("hyperparameters", hyperparameters)
    return train.run(lambda: algorithm, job_directory.settings(), train.fit)


def until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the process ended before it said {text!r}")


def test_a_job_from_configuration_to_artifacts(plugin, job_directory):
    job_directory.config("hyperparameters", {"epochs": "2", "_kvstore": "auto"})
    code, output = finish(plugin, job_directory.root)
    assert (code, job_directory.model) == (0, {"model": b"8", "nested/more": b"more"})
    assert "#quality_metric: host=algo-1, epoch=1, bytes=8.0\n" in output
    assert "internal hyperparameters: {'_kvstore': 'auto'}" in output
    lines = [json.loads(line) for line in (job_directory.root / "output/data/metrics.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["value"]) for line in lines] == [(0, 4.0), (1, 8.0), (None, 8.0)]
    assert not (job_directory.root / "output" / "failure").exists()


def test_the_algorithm_may_come_from_the_environment(plugin, job_directory):
    with training(plugin, job_directory.root, DRYDOCK_ALGORITHM="tiny") as process:
        assert process.wait(SECONDS) == 0


@pytest.mark.parametrize(
    ("arguments", "environ", "reason"),
    [
        ((), {}, "ClientError: no algorithm: give --algorithm or set DRYDOCK_ALGORITHM"),
        (("--algorithm", "tinny"), {}, "ClientError: unknown algorithm 'tinny' (did you mean 'tiny'?); installed: "),
        ((), {"DRYDOCK_REPORT": "perhaps"}, "ClientError: environment variable DRYDOCK_REPORT: expected on"),
    ],
)
def test_a_start_that_fails_leaves_a_reason(plugin, job_directory, arguments, environ, reason):
    with training(plugin, job_directory.root, *arguments, **{"DRYDOCK_ALGORITHM": "", **environ}) as process:
        assert process.wait(SECONDS) == 1
    assert job_directory.failure.startswith(reason)


def test_bad_hyperparameters_are_all_in_the_failure_file(plugin, job_directory):
    job_directory.config("hyperparameters", {"epochs": "-1", "los": "squared"})
    code, output = finish(plugin, job_directory.root)
    reason = "ClientError: epochs: expected an integer >= 1, got '-1'\nlos: unknown hyperparameter (did you mean 'loss'?)"
    assert (code, job_directory.failure, job_directory.model) == (1, reason, {})
    assert reason in output


def test_no_heavy_library_is_imported_before_the_job_is_read():
    heavy = ["tensorflow", "sklearn", "matplotlib", "scipy", "pyarrow", "jinja2", "tensorboardX", "flask"]
    code = f"import sys, containers.train; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=REPOSITORY).strip() == "[]"


def test_a_run_that_succeeds_leaves_no_failure_of_an_earlier_one(job_directory):
    assert run(job_directory, act="user") == 1
    assert run(job_directory) == 0
    assert not (job_directory.root / "output" / "failure").exists()


@pytest.mark.parametrize(
    ("act", "code", "reason", "traced"),
    [
        ("user", 1, "ClientError: train/a.csv, line 7: expected a number, got 'x'", False),
        ("recordio", 1, "ClientError: record 3 at byte 96: wrong magic", False),
        ("ours", 2, "AlgorithmError: the loss is not finite", True),
        ("bug", 2, "AlgorithmError: KeyError: 'weights'", True),
        ("memory", 2, "AlgorithmError: out of memory: Unable to allocate 30 GiB", True),
        ("disk", 2, "AlgorithmError: the model cannot be written: [Errno 28] No space left on device: 'weights'", True),
        ("long", 1, f"ClientError: {'x' * (1024 - 13 - 3)}...", False),
    ],
)
def test_failures(job_directory, act, code, reason, traced):
    assert run(job_directory, act=act) == code
    first, _, rest = job_directory.failure.partition("\n\n")
    assert first == reason
    assert rest.startswith("Traceback (most recent call last):") == traced
    assert list((job_directory.root / "model").iterdir()) == []


def test_a_reason_that_utf8_cannot_hold(job_directory, request):
    logging.disable()  # what pytest captures has to be UTF-8
    request.addfinalizer(lambda: logging.disable(logging.NOTSET))
    assert run(job_directory, act="surrogate") == 1
    assert job_directory.failure == "ClientError: bad name '\\udcff'"


def test_a_model_directory_that_cannot_be_written(job_directory):
    job_directory.write("model", b"a file where the directory should be")
    assert run(job_directory) == 2
    assert job_directory.failure.startswith("AlgorithmError: the model cannot be written: [Errno 17] File exists: ")


def test_an_output_directory_that_cannot_be_written(job_directory):
    job_directory.write("output/data", b"a file where the directory should be")
    assert run(job_directory) == 2
    assert job_directory.failure.startswith(f"AlgorithmError: File exists: {job_directory.root}/output/data\n\nTraceback")


def test_a_failure_file_that_cannot_be_written_changes_no_exit_code(tmp_path, caplog):
    blocked = tmp_path / "output"
    blocked.write_text("a file where the directory should be")
    assert failure.report(UserError("bad data"), blocked / "failure") == 1
    assert failure.report(AlgorithmError("bad luck"), blocked / "failure") == 2
    assert "the failure file cannot be written" in caplog.text
    assert "ClientError: bad data" in caplog.text


def test_check_says_what_is_in_the_data_and_trains_nothing(plugin, job_directory):
    job_directory.config("hyperparameters", {"_kvstore": "auto"})
    code, output = finish(plugin, job_directory.root, "--check")
    assert code == 0
    assert json.loads(output) == {"train": {"bytes": 4}}
    assert not (job_directory.root / "model").exists()


def test_check_fails_as_training_would(plugin, job_directory):
    (job_directory.root / "input/data/train/a.csv").unlink()
    assert finish(plugin, job_directory.root, "--check")[0] == 1
    assert job_directory.failure == "ClientError: channel 'train': there are no files in it"


def test_only_the_first_host_writes_what_all_would_name_alike(plugin, job_directory):
    job_directory.config("resourceconfig", {"current_host": "b", "hosts": ["a", "b"]})
    code, output = finish(plugin, job_directory.root, DRYDOCK_TENSORBOARD="1")
    assert code == 0
    assert "host=b, bytes=4.0" in output
    assert not (job_directory.root / "output").exists()


def test_tensorboard_events_where_asked(plugin, job_directory):
    assert finish(plugin, job_directory.root, DRYDOCK_TENSORBOARD="1")[0] == 0
    assert len(list((job_directory.root / "output" / "tensorboard").iterdir())) == 1


@pytest.mark.parametrize(
    ("act", "signals", "model"),
    [
        pytest.param("patient", 1, {"model": b"4", "nested/more": b"more"}, id="one signal: the model is published"),
        pytest.param("deaf", 2, {"model": b"4", "nested/more": b"more"}, id="two signals: what was published stays"),
        pytest.param("half", 2, {}, id="two signals: what is half-written goes"),
    ],
)
def test_sigterm(plugin, job_directory, act, signals, model):
    job_directory.config("hyperparameters", {"act": act})
    with training(plugin, job_directory.root, "--algorithm", "tiny") as process:
        until(process, "ready")
        for _ in range(signals):
            process.send_signal(signal.SIGTERM)
            if signals == 2:
                until(process, "SIGTERM")
        assert process.wait(SECONDS) == 0
    assert job_directory.model == model
    assert list((job_directory.root / "model").glob(".*")) == []
    assert not (job_directory.root / "output" / "failure").exists()


def test_a_forced_end_waits_until_files_are_moved(plugin, job_directory):
    job_directory.config("hyperparameters", {"act": "moving"})
    with training(plugin, job_directory.root, "--algorithm", "tiny") as process:
        until(process, "ready")
        process.send_signal(signal.SIGTERM)
        until(process, "SIGTERM")
        process.send_signal(signal.SIGTERM)
        process.communicate("go on\n", timeout=SECONDS)
    assert process.returncode == 0
    assert job_directory.model["moved"] == b"whole"


def test_one_sigterm_ends_in_time_what_does_not_listen(plugin, job_directory):
    job_directory.config("hyperparameters", {"act": "half"})
    with training(plugin, job_directory.root, "--algorithm", "tiny", DRYDOCK_STOP_SECONDS="1") as process:
        until(process, "ready")
        process.send_signal(signal.SIGTERM)
        until(process, "not finished 1 s after SIGTERM")
        assert process.wait(SECONDS) == 0
    assert list((job_directory.root / "model").iterdir()) == []


def test_sigterm_releases_a_reader_that_waits_for_a_pipe(plugin, job_directory):
    job_directory.config("inputdataconfig", {"train": {"TrainingInputMode": "Pipe"}})
    os.mkfifo(job_directory.root / "input/data/train_0")
    with training(plugin, job_directory.root, "--algorithm", "tiny") as process:
        # Opening the FIFO to write succeeds when the job has it open to read.
        writer = os.open(job_directory.root / "input/data/train_0", os.O_WRONLY)
        process.send_signal(signal.SIGTERM)
        until(process, "stopped while waiting for data in train_0")
        assert process.wait(SECONDS) == 0
        os.close(writer)
    assert job_directory.model == {}
    assert not (job_directory.root / "output" / "failure").exists()


def test_the_handler_of_sigterm_is_given_back(job_directory):
    before = signal.getsignal(signal.SIGTERM)
    run(job_directory)
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_ends_with_130(plugin, job_directory):
    job_directory.config("hyperparameters", {"act": "deaf"})
    with training(plugin, job_directory.root, "--algorithm", "tiny") as process:
        until(process, "ready")
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130

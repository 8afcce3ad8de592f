"""Training jobs as local processes: what a job is given, what it leaves, how it ends."""

import gzip
import hashlib
import json
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

import local_mode
from containers.errors import UserError
from local_mode import TrainingJob, TrainingRequest
from tests.local_mode.ended import has_ended

pytestmark = pytest.mark.slow


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def members(archive: Path | str) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}


def model(result: local_mode.TrainingResult) -> dict:
    return json.loads(members(result.model_archive)["model.json"])


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_files_are_given_under_their_names(tiny, data, tmp_path, scratch, mode):
    result = local_mode.train(tiny, {"train": data}, {"epochs": 2}, tmp_path / "out", input_mode=mode)
    once = {"train/a.csv": digest(b"1,2\n"), "train/deep/b.csv": digest(b"3,4\n")}
    assert model(result)["epochs"] == [once, once]


def test_pipes_give_all_files_every_epoch(tiny, data, tmp_path, scratch):
    result = local_mode.train(tiny, {"train": data}, {"epochs": 3}, tmp_path / "out", input_mode="Pipe")
    assert model(result)["epochs"] == [{f"train_{epoch}": digest(b"1,2\n3,4\n")} for epoch in range(3)]


def test_a_pipe_nobody_reads_does_not_hold_the_job_up(tiny, data, tmp_path, scratch):
    local_mode.train(tiny, {"train": data, "validation": data}, {}, tmp_path / "out", input_mode="Pipe")


def test_gzip_is_left_to_the_container(tiny, tmp_path, scratch):
    directory = tmp_path / "zipped"
    directory.mkdir()
    for name in "ab":
        (directory / f"{name}.csv.gz").write_bytes(gzip.compress(f"{name}\n".encode()))
    piped = local_mode.train(tiny, {"train": directory}, {"epochs": 1}, tmp_path / "pipe", input_mode="Pipe")
    assert model(piped)["epochs"] == [{"train_0": digest(b"a\nb\n")}]
    (directory / "c.csv").write_bytes(b"c\n")
    with pytest.raises(UserError, match="channel train: some of its files are gzip"):
        local_mode.train(tiny, {"train": directory}, {}, tmp_path / "mixed", input_mode="Pipe")


def test_a_single_file_is_a_channel(tiny, data, tmp_path, scratch):
    result = local_mode.train(tiny, {"train": data / "a.csv"}, {"epochs": 1}, tmp_path / "out")
    assert model(result)["epochs"] == [{"train/a.csv": digest(b"1,2\n")}]


def test_outputs(tiny, data, tmp_path, scratch):
    lines: list[str] = []
    output = tmp_path / "out"
    result = local_mode.train(tiny, {"train": data}, {"scale": 0.5}, output, environment={"TINY": "yes"}, on_line=lines.append)
    assert sorted(path.name for path in output.iterdir()) == ["metrics.jsonl", "model.tar.gz", "output.tar.gz", "report.html"]
    assert (result.model_archive, result.report) == (output / "model.tar.gz", output / "report.html")
    assert model(result)["scale"] == 0.5
    assert model(result)["environment"]["TINY"] == "yes"
    assert model(result)["environment"]["TRAINING_JOB_NAME"].startswith("tiny-20")
    assert set(members(result.output_archive)) == {"metrics.jsonl", "note-algo-1.txt", "report.html"}
    assert result.metrics == {"train:bytes": 8.0}
    assert not result.stopped
    assert sum("#quality_metric: host=algo-1, epoch=" in line for line in lines) == 2


def test_the_users_data_are_not_touched(tiny, data, tmp_path, scratch):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in data.rglob("*") if path.is_file()}
    local_mode.train(tiny, {"train": data}, {}, tmp_path / "out")
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in data.rglob("*") if path.is_file()} == before


def test_checkpoints_and_tensorboard_go_to_the_users_directories(tiny, data, tmp_path, scratch):
    kept, events = tmp_path / "kept", tmp_path / "events"
    local_mode.train(tiny, {"train": data}, {}, tmp_path / "out", checkpoints=kept, tensorboard=events)
    assert (kept / "state").read_text() == "saved"
    assert [path.name.startswith("events.") for path in events.iterdir()] == [True]


def test_hosts_are_processes_that_know_each_other(tiny, data, tmp_path, scratch):
    result = local_mode.train(tiny, {"train": data}, {"epochs": 1}, tmp_path / "out", instance_count=2, sharded=["train"])
    first, second = (json.loads(members(result.model_archive)[name]) for name in ("model.json", "part-algo-2.json"))
    assert first["epochs"] == [{"train/a.csv": digest(b"1,2\n")}]
    assert second["epochs"] == [{"train/deep/b.csv": digest(b"3,4\n")}]
    assert list(first["hosts"]) == ["algo-1", "algo-2"]
    assert first["hosts"] == second["hosts"]
    assert len({address.rpartition(":")[2] for address in first["hosts"].values()}) == 2
    assert {"note-algo-1.txt", "note-algo-2.txt"} <= set(members(result.output_archive))


def test_the_first_failure_ends_the_other_hosts(tiny, data, tmp_path, scratch):
    output = tmp_path / "out"
    job = TrainingJob(TrainingRequest(tiny, {"train": data}, {"fail_on": "algo-2"}, instance_count=2))
    assert job.status == "InProgress"
    with pytest.raises(local_mode.TrainingFailed) as failed:
        job.run(output, lambda line: None)
    assert failed.value.reason == "ClientError: host algo-2 was told to fail"
    assert failed.value.exit_code == 1
    assert job.status == "Failed"
    assert not output.exists()


def test_all_bad_hyperparameters_are_in_the_reason(tiny, data, tmp_path, scratch):
    with pytest.raises(local_mode.TrainingFailed) as failed:
        local_mode.train(tiny, {"train": data}, {"epochs": -1, "scal": 3}, tmp_path / "out")
    assert failed.value.reason.startswith("ClientError: epochs: expected an integer >= 1, got '-1'")
    assert "did you mean 'scale'" in failed.value.reason


def test_a_process_that_dies_without_a_word(tiny, data, tmp_path, scratch):
    with pytest.raises(local_mode.TrainingFailed, match="host algo-1 was ended by SIGKILL and left no reason"):
        local_mode.train(tiny, {"train": data}, {"die": True}, tmp_path / "out")


def test_a_training_without_a_model_has_failed(tiny, data, tmp_path, scratch):
    with pytest.raises(local_mode.TrainingFailed, match="without a model"):
        local_mode.train(tiny, {"train": data}, {"save": False}, tmp_path / "out")


def test_earlier_output_survives_a_failure(tiny, data, tmp_path, scratch):
    output = tmp_path / "out"
    archive = local_mode.train(tiny, {"train": data}, {}, output).model_archive
    before = Path(archive).read_bytes()
    with pytest.raises(local_mode.TrainingFailed):
        local_mode.train(tiny, {"train": data}, {"epochs": 0}, output)
    assert Path(archive).read_bytes() == before


def test_a_file_that_goes_missing_ends_a_pipe_job(tiny, data, tmp_path, scratch):
    (data / "c.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"c\.csv"):
        local_mode.train(tiny, {"train": data}, {}, tmp_path / "out", input_mode="Pipe")


@pytest.mark.parametrize("mode", ["File", "Pipe"])
def test_an_interrupt_keeps_the_model(tiny, data, tmp_path, scratch, mode):
    def interrupt(line: str) -> None:
        if "epoch=3," in line:
            signal.raise_signal(signal.SIGINT)

    job = TrainingJob(TrainingRequest(tiny, {"train": data}, {"until_stopped": True}, input_mode=mode))
    result = job.run(tmp_path / "out", interrupt)
    assert result.stopped
    assert job.status == "Stopped"
    assert len(model(result)["epochs"]) >= 4


def test_a_second_interrupt_ends_all_at_once(tiny, data, tmp_path, scratch):
    interrupts = iter([signal.SIGINT, signal.SIGINT])
    job = TrainingJob(TrainingRequest(tiny, {"train": data}, {"until_stopped": True, "child": True}))
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if "epoch=" in line and (number := next(interrupts, None)):
            signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt):
        job.run(tmp_path / "out", interrupt)
    assert job.status == "Failed"
    assert not (tmp_path / "out").exists()
    assert has_ended(child_of(lines))


def test_what_a_job_leaves_running_is_ended(tiny, data, tmp_path, scratch):
    lines: list[str] = []
    local_mode.train(tiny, {"train": data}, {"child": True}, tmp_path / "out", on_line=lines.append)
    assert has_ended(child_of(lines))


def test_an_error_of_the_caller_ends_the_job(tiny, data, tmp_path, scratch):
    def refuse(line: str) -> None:
        raise RuntimeError("no more lines")

    with pytest.raises(RuntimeError, match="no more lines"):
        local_mode.train(tiny, {"train": data}, {"until_stopped": True}, tmp_path / "out", input_mode="Pipe", on_line=refuse)


def test_the_command_passes_sigterm_on(tiny, data, tmp_path, scratch):
    command = [sys.executable, "-m", "local_mode.cli", "train", tiny, "--train", str(data), "--output", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, "--input-mode", "Pipe", "--hp", "until_stopped=true"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if "epoch=3," in line:
            process.terminate()
            break
    _, words = process.communicate(timeout=60)
    assert process.returncode == 0, words
    assert words.startswith("stopped; the best model so far")
    assert (tmp_path / "out" / "model.tar.gz").exists()


def test_bad_arguments(tiny, data, tmp_path, scratch):
    with pytest.raises(UserError, match="channel train: there is no file or directory"):
        local_mode.train(tiny, {"train": tmp_path / "nowhere"}, {}, tmp_path / "out")
    with pytest.raises(UserError, match="instance_count: must be at least 1, got 0"):
        local_mode.train(tiny, {"train": data}, {}, tmp_path / "out", instance_count=0)
    with pytest.raises(UserError, match="2 files cannot be shared out among 3 hosts"):
        local_mode.train(tiny, {"train": data}, {}, tmp_path / "out", instance_count=3, sharded=["train"])
    with pytest.raises(UserError, match="sharded: there is no channel 'test'"):
        local_mode.train(tiny, {"train": data}, {}, tmp_path / "out", sharded=["test"])
    with pytest.raises(UserError, match="channel: expected a name"):
        local_mode.train(tiny, {"../train": data}, {}, tmp_path / "out")


def child_of(lines: list[str]) -> int:
    return int(float(next(line for line in lines if "epoch=0, bytes=" in line).rpartition("=")[2]))

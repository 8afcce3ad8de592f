"""The Docker backend, up to the command lines it gives Docker; `tests/acceptance` gives them to a real one."""

import os
import signal
import tarfile
from itertools import pairwise

import pytest

import local_mode
from containers.errors import UserError
from local_mode import network
from tests.local_mode.fake_docker import MODEL

IMAGE = "drydock/linear-learner:1"


def train(data, tmp_path, **options) -> local_mode.TrainingResult:
    return local_mode.train("linear-learner", {"train": data}, {}, tmp_path / "out", backend="docker", **options)


def values(arguments: list[str], option: str) -> list[str]:
    return [value for word, value in pairwise(arguments) if word == option]


def test_a_job_is_a_container_that_is_created_started_and_removed(docker, data, tmp_path, scratch):
    train(data, tmp_path)
    name = docker.call("create")[0][2]
    assert [call[0] for call in docker.calls] == ["image", "create", "start", "rm"]
    assert docker.call("start")[0] == ["start", "--attach", name]
    assert docker.call("rm")[0] == ["rm", "--force", "--volumes", name]
    assert (tmp_path / "out" / "model.tar.gz").exists()


def test_a_container_runs_as_the_caller_and_sees_the_job_and_its_data(docker, data, tmp_path, scratch, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 4321)
    monkeypatch.setattr(os, "getgid", lambda: 8765)
    docker.runs(f"{MODEL}; (root / 'output/data/link').write_text(os.readlink(root / 'input/data/train/deep/b.csv'))")
    result = train(data, tmp_path)
    arguments, _ = docker.call("create")
    assert arguments[-2:] == [IMAGE, "train"]
    assert values(arguments, "--user") == ["4321:8765"]
    assert values(arguments, "--pull") == ["never"]
    assert values(arguments, "--stop-timeout") == ["120"]
    assert "--network" not in arguments
    job, *mounts = values(arguments, "--mount")
    assert job.startswith(f'"type=bind","source={scratch}/')
    assert job.endswith('/algo-1","target=/opt/ml"')
    assert set(mounts) == {
        f'"type=bind","source={directory}","target=/mnt/machine{directory}","readonly"' for directory in (data, data / "deep")
    }
    with tarfile.open(result.output_archive) as tar:
        assert tar.extractfile("link").read().decode() == f"/mnt/machine{data}/deep/b.csv"


def test_directories_that_outlive_the_job_are_written_to(docker, data, tmp_path, scratch):
    train(data, tmp_path, checkpoints=tmp_path / 'a, "b"', input_mode="Pipe")
    _, kept = values(docker.call("create")[0], "--mount")
    assert kept == f'"type=bind","source={tmp_path}/a, ""b""","target=/mnt/machine{tmp_path}/a, ""b"""'


def test_values_of_variables_are_on_no_command_line(docker, data, tmp_path, scratch, monkeypatch):
    monkeypatch.setenv("MINE", "not for the container")
    train(data, tmp_path, environment={"SECRET": "7777"})
    arguments, environment = docker.call("create")
    assert set(values(arguments, "--env")) == {"SECRET", "TRAINING_JOB_NAME", "TRAINING_JOB_ARN"}
    assert environment["SECRET"] == "7777"
    assert environment["TRAINING_JOB_NAME"].startswith("linear-learner-20")
    assert not any("7777" in word for call in docker.calls for word in call)


def test_hosts_have_a_network_of_their_own(docker, data, tmp_path, scratch):
    docker.runs("if root.name == 'algo-1': " + MODEL)
    train(data, tmp_path, instance_count=2)
    (network_name,) = (call[2] for call in docker.calls if call[:2] == ["network", "create"])
    created = [call for call in docker.calls if call[0] == "create"]
    assert [values(call, "--network") for call in created] == [[network_name]] * 2
    assert [values(call, "--network-alias") for call in created] == [["algo-1"], ["algo-2"]]
    assert [values(call, "--hostname") for call in created] == [["algo-1"], ["algo-2"]]
    removed = [call[3] for call in docker.calls if call[0] == "rm"]
    assert set(removed) == {call[2] for call in created}
    assert docker.calls[-1] == ["network", "rm", network_name]


def test_a_failed_container_is_removed_and_its_reason_shown(docker, data, tmp_path, scratch):
    docker.runs("(root / 'output/failure').write_text('ClientError: bad'); sys.exit(1)")
    with pytest.raises(local_mode.TrainingFailed, match=r"^ClientError: bad$") as failed:
        train(data, tmp_path)
    assert failed.value.exit_code == 1
    assert docker.calls[-1][:2] == ["rm", "--force"]


def test_a_container_that_the_system_kills(docker, data, tmp_path, scratch):
    docker.runs("sys.exit(137)")
    with pytest.raises(local_mode.TrainingFailed, match="host algo-1 was ended by SIGKILL and left no reason"):
        train(data, tmp_path)


def test_an_interrupt_reaches_the_container_and_waits_for_its_end(docker, data, tmp_path, scratch):
    docker.runs(f"print('up', flush=True); signal.sigwait([signal.SIGTERM]); print('down', flush=True); {MODEL}")
    lines: list[str] = []

    def interrupt(line: str) -> None:
        lines.append(line)
        if line == "up":
            signal.raise_signal(signal.SIGINT)

    assert train(data, tmp_path, on_line=interrupt).stopped
    assert lines == ["up", "down"]
    name = docker.call("create")[0][2]
    assert docker.call("kill")[0] == ["kill", "--signal", "TERM", name]
    assert docker.calls[-1][0] == "rm"


def test_a_second_interrupt_removes_the_container(docker, data, tmp_path, scratch):
    docker.runs("print('up', flush=True); signal.pause()")

    def interrupt(line: str) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path, on_line=interrupt)
    assert docker.calls[-1][0] == "rm"


def test_what_docker_refuses_is_said_and_nothing_is_left(docker, data, tmp_path, scratch):
    docker.refuses("create", "Error response from daemon: no space left")
    with pytest.raises(UserError, match=r"^docker create: Error response from daemon: no space left$"):
        train(data, tmp_path, instance_count=2)
    assert [call[:2] for call in docker.calls[-2:]] == [["rm", "--force"], ["network", "rm"]]


def test_an_image_that_is_not_there_is_not_fetched_from_elsewhere(docker, data, tmp_path, scratch):
    docker.has_no_image()
    with pytest.raises(UserError, match=rf"there is no image {IMAGE}; `drydock images build`"):
        train(data, tmp_path)
    assert [call[0] for call in docker.calls] == ["image"]


def test_where_there_is_no_docker(data, tmp_path, scratch, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="docker: there is no such command on the path"):
        train(data, tmp_path)


def test_an_algorithm_without_an_image(docker, data, tmp_path, scratch):
    with pytest.raises(UserError, match="there is no image of 'tiny'; there are: linear-learner"):
        local_mode.train("tiny", {"train": data}, {}, tmp_path / "out", backend="docker")


def test_an_unknown_backend(data, tmp_path, scratch):
    with pytest.raises(UserError, match="backend: expected process or docker, got 'podman'"):
        local_mode.train("linear-learner", {"train": data}, {}, tmp_path / "out", backend="podman")


SERVER = """
import http.server, threading
class Ping(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", int(created[created.index("--publish") + 1].split(":")[1])), Ping)
threading.Thread(target=server.serve_forever).start()
signal.sigwait([signal.SIGTERM])
server.shutdown()
"""


@pytest.mark.parametrize("unpacked", [False, True])
def test_an_endpoint_is_a_container_on_a_loopback_port(docker, tmp_path, scratch, unpacked):
    model = tmp_path / "model"
    model.mkdir()
    (model / "model.json").write_text('{"algorithm": "linear-learner"}')
    if not unpacked:
        with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
            tar.add(model / "model.json", "model.json")
        model = tmp_path / "model.tar.gz"
    docker.runs(SERVER)
    (port,) = network.free_ports(1)
    with local_mode.serve(model, port=port, workers=3, backend="docker"):
        arguments, environment = docker.call("create")
        assert arguments[-2:] == [IMAGE, "serve"]
        assert values(arguments, "--publish") == [f"127.0.0.1:{port}:8080"]
        assert environment["MODEL_SERVER_WORKERS"] == "3"
        mounts = [f'"type=bind","source={model}","target=/mnt/machine{model}","readonly"'] if unpacked else []
        assert values(arguments, "--mount")[1:] == mounts
    assert docker.calls[-1] == ["rm", "--force", "--volumes", arguments[2]]

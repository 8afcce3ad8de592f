"""A container of an image, with a directory of its own at ``/opt/ml``; removed whatever happens."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

#: Somebody whom no image knows.
ANYBODY = "12345:0"
#: How a container is run where a test does not say otherwise: by anybody, and nothing can be written but what is mounted.
HARDENED = ("--user", ANYBODY, "--read-only", "--tmpfs", "/tmp")
PATIENCE = 60


def docker(*arguments: str) -> str:
    """One command of Docker, which has to succeed; its output, both streams in one."""
    done = subprocess.run(["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}"
    return done.stdout.strip()


class Container:
    """A container that has been started."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def log(self) -> str:
        return docker("logs", self.name)

    def wait(self) -> int:
        """Wait until it ends; its exit code."""
        return int(docker("wait", self.name))

    def wait_for_log(self, text: str) -> None:
        """Wait until its log tells something."""
        with subprocess.Popen(["docker", "logs", "--follow", self.name], stdout=subprocess.PIPE, text=True) as follower:
            assert follower.stdout is not None
            found = any(text in line for line in follower.stdout)
            follower.kill()
        assert found, self.log

    def wait_for_ping(self) -> None:
        """Wait until it is ready to answer."""
        self._wait_until(self._pings)

    def wait_for_health(self) -> None:
        """Wait until Docker finds it healthy."""
        self._wait_until(lambda: docker("inspect", "--format", "{{.State.Health.Status}}", self.name) == "healthy")

    def request(self, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"):
        """An HTTP request to the only port that is published; status and body of the answer."""
        address = docker("port", self.name).rpartition(" ")[2]
        headers = {"Content-Type": content_type}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(f"http://{address}{path}", body, headers, method=method), timeout=PATIENCE
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def _pings(self) -> bool:
        try:
            return self.request("GET", "/ping")[0] == 200
        except OSError:  # it does not listen yet
            return False

    def _wait_until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.log
            assert docker("inspect", "--format", "{{.State.Running}}", self.name) == "true", self.log
            time.sleep(0.1)


@contextmanager
def running(image: str, *command: str, options: tuple[str, ...] = (), hardened: bool = True) -> Iterator[Container]:
    """Start a container of the image."""
    name = f"drydock-test-{uuid.uuid4().hex[:12]}"
    how = HARDENED if hardened else ()
    try:
        docker("run", "--detach", "--name", name, "--pull", "never", *how, *options, image, *command)
        yield Container(name)
    finally:
        docker("rm", "--force", "--volumes", name)


class Job:
    """A directory laid out as ``/opt/ml``, open to everybody as the container may be anybody."""

    def __init__(self, root: Path, hyperparameters: Mapping[str, str], data: Path, mode: str = "File") -> None:
        self.root = root
        for directory in ("input/config", "input/data", "model", "output/data"):
            (root / directory).mkdir(parents=True)
        if mode == "File":
            shutil.copytree(data, self.stem)
        channel = {"ContentType": "text/csv", "TrainingInputMode": mode}
        self._config("hyperparameters", dict(hyperparameters))
        self._config("inputdataconfig", {"train": channel})

    @property
    def stem(self) -> Path:
        """Where the train channel lies."""
        return self.root / "input" / "data" / "train"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def failure(self) -> str:
        return (self.root / "output" / "failure").read_text()

    def mounted(self) -> tuple[str, str]:
        """The option that mounts it."""
        for path in (self.root, *self.root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        return "--volume", f"{self.root}:/opt/ml"

    def _config(self, name: str, value: object) -> None:
        (self.root / "input" / "config" / f"{name}.json").write_text(json.dumps(value))

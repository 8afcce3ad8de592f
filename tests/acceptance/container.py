"""A container of an image, with a directory of its own at ``/opt/ml``; removed whatever happens."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from local_mode.pipes import PipeFeeder
from tests.contract.case import Case

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

    def wait_for_log(self, regex: str, times: int = 1) -> None:
        """Wait until so many lines of its log match."""
        with subprocess.Popen(["docker", "logs", "--follow", self.name], stdout=subprocess.PIPE, text=True) as follower:
            assert follower.stdout is not None
            for line in follower.stdout:
                times -= bool(re.search(regex, line))
                if not times:
                    break
            follower.kill()
        assert not times, self.log

    def wait_for_ping(self) -> None:
        """Wait until it is ready to answer."""
        self.wait_until(self._pings)

    def wait_for_health(self) -> None:
        """Wait until Docker finds it healthy."""
        self.wait_until(lambda: docker("inspect", "--format", "{{.State.Health.Status}}", self.name) == "healthy")

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

    def reaches(self, port: int) -> bool:
        """Whether what runs in the container finds a server that is ready on a port of its network."""
        probe = f"import urllib.request as http; http.urlopen('http://127.0.0.1:{port}/ping')"
        command = ["docker", "exec", self.name, "python", "-P", "-c", probe]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0

    def _pings(self) -> bool:
        try:
            return self.request("GET", "/ping")[0] == 200
        except OSError:  # it does not listen yet
            return False

    def wait_until(self, condition) -> None:
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
    """A directory laid out as ``/opt/ml`` with a case's data in it, open to everybody as the container may be anybody."""

    def __init__(self, root: Path, case: Case, mode: str = "File", hyperparameters: Mapping[str, str] | None = None) -> None:
        self.root = root
        for directory in ("input/config", "input/data", "model", "output/data"):
            (root / directory).mkdir(parents=True)
        self.stems = write(case, root / ("input/data" if mode == "File" else "piped"))
        channel = {"ContentType": case.content_types[-1], "TrainingInputMode": mode}
        self._config("hyperparameters", {**case.hyperparameters, **(hyperparameters or {})})
        self._config("inputdataconfig", dict.fromkeys(self.stems, channel))

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

    @contextmanager
    def fed(self) -> Iterator[None]:
        """Feed the pipes that the container reads, all of them as long as the block runs."""
        failed: list[Exception] = []
        with ExitStack() as stack:
            for name, directory in self.stems.items():
                stem = self.root / "input" / "data" / name
                stack.enter_context(PipeFeeder(stem, sorted(directory.iterdir()), failed.append))
            yield
        assert not failed

    def _config(self, name: str, value: object) -> None:
        (self.root / "input" / "config" / f"{name}.json").write_text(json.dumps(value))


def write(case: Case, directory: Path) -> dict[str, Path]:
    """Write the channels of a case, two files each; channel to its directory."""
    stems = {}
    for name, examples in case.examples.items():
        stems[name] = directory / name
        stems[name].mkdir(parents=True)
        half = -(-len(examples) // 2)
        for file, part in (("a", examples[:half]), ("b", examples[half:])):
            (stems[name] / file).write_bytes(case.encode(part, case.content_types[-1]))
    return stems

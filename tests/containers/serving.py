"""What the tests of serving share: model directories, and `serve` as a real process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SERVED = Path(__file__).parent / "served"


def write_model(directory: Path, *weights: float) -> Path:
    """A model of the algorithm `served`."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "weights.json").write_text(json.dumps({"list": weights}))
    return directory


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(condition, seconds: float = 20.0) -> None:
    """Poll until the condition holds; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {condition}"
        time.sleep(0.005)


class Server:
    """``python -m containers.serve`` in a session of its own, ended by `close` whatever happens."""

    def __init__(
        self, root: Path, *arguments: str, environ: Mapping[str, str] | None = None, algorithm: str = "served"
    ) -> None:
        self.port = free_port()
        self.log = root / "serve.log"
        command = [
            sys.executable,
            "-m",
            "containers.serve",
            "--algorithm",
            algorithm,
            "--root",
            str(root),
            "--host",
            "127.0.0.1",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=os.environ | {"PYTHONPATH": str(SERVED), "SAGEMAKER_BIND_TO_PORT": str(self.port)} | dict(environ or {}),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> Server:
        """Wait until `/ping` answers 200."""
        wait_until(self._pings)
        return self

    def _pings(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.send("GET", "/ping")[0] == 200
        except OSError:
            return False

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body; `Content_Type=...` gives a header."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def csv(self, body: str, path: str = "/invocations") -> tuple[int, bytes]:
        return self.send("POST", path, body, Content_Type="text/csv")

    @property
    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the server and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)

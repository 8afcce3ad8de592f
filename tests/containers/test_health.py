"""The image's health check, against a server of its own and a command line as `/proc` shows it."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from containers import health
from local_mode.network import free_ports


@pytest.fixture
def command(tmp_path: Path):
    """Write a command line as the kernel shows it."""

    def write(*words: str) -> Path:
        path = tmp_path / "cmdline"
        path.write_bytes(b"".join(word.encode() + b"\0" for word in words))
        return path

    return write


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The port of a server whose `/ping` answers the status that the test names."""

    class Ping(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param if self.path == "/ping" else 404)
            self.end_headers()

    http = HTTPServer(("127.0.0.1", 0), Ping)
    thread = Thread(target=http.serve_forever)
    thread.start()
    yield str(http.server_port)
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize(("server", "code"), [(200, 0), (503, 1)], indirect=["server"])
def test_a_server_is_as_healthy_as_its_ping(server, code, command):
    serving = command("/opt/drydock/bin/python", "-P", "/opt/drydock/code/bin/serve")
    assert health.main({"SAGEMAKER_BIND_TO_PORT": server}, serving) == code


def test_a_server_that_does_not_answer_is_not_healthy(command):
    (port,) = free_ports(1)
    assert health.main({"SAGEMAKER_BIND_TO_PORT": str(port)}, command("docker-init", "--", "serve")) == 1


def test_a_training_is_not_asked(command):
    (port,) = free_ports(1)
    words = ("/opt/drydock/bin/python", "-P", "/opt/drydock/code/bin/train")
    assert health.main({"SAGEMAKER_BIND_TO_PORT": str(port)}, command(*words)) == 0

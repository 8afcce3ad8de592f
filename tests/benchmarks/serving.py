"""Requests per second and latency of an HTTP server, and a plain Flask route to compare ours with.

    python -m tests.benchmarks.serving ROOT --algorithm NAME --features 30

starts `serve` and the plain route under gunicorn, two workers of four threads each, sends both one CSV row at a time over eight
kept-alive connections from this one process, in turn, and prints the table.
"""

from __future__ import annotations

import argparse
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.peers import Sample, in_turn, machine, table

WORKERS, THREADS, CONNECTIONS = 2, 4, 8


@dataclass(frozen=True)
class Load:
    """What a server did under load."""

    per_second: float
    p50_milliseconds: float
    p99_milliseconds: float


def post(path: str, body: bytes, content_type: str) -> bytes:
    """A request as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def load(port: int, request: bytes, *, connections: int = CONNECTIONS, seconds: float = 3.0) -> Load:
    """Send `request` again on each connection as soon as it is answered.

    Raises
    ------
    RuntimeError
        An answer is not a 200, or a connection is closed.
    """
    latencies: list[float] = []
    with selectors.DefaultSelector() as selector:
        begun = {}
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            begun[connection] = time.perf_counter()
            connection.sendall(request)
        start = now = time.perf_counter()
        while now < start + seconds:
            for key, _ in selector.select():
                connection = key.fileobj
                _receive(connection)
                now = time.perf_counter()
                latencies.append(now - begun[connection])
                begun[connection] = now
                connection.sendall(request)
        elapsed = now - start
        for connection in begun:
            connection.close()
    p50, p99 = np.percentile(latencies, (50, 99)) * 1000
    return Load(len(latencies) / elapsed, float(p50), float(p99))


def _receive(connection: socket.socket) -> None:
    """Read one response; blocks until it is there in full."""
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _some(connection)
    head = answer[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(answer.decode(errors="replace"))
    _, _, rest = head.partition(b"content-length:")
    missing = end + 4 + int(rest.split(b"\r\n", 1)[0]) - len(answer)
    while missing > 0:
        missing -= len(_some(connection))


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data


@dataclass(frozen=True)
class Running:
    """A server: its process, and the seconds until it answered 200 to a ping."""

    process: int
    start_seconds: float

    @property
    def worker_megabytes(self) -> float:
        """Resident memory of the largest worker (Linux)."""
        workers = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        states = [Path(f"/proc/{worker}/status").read_text() for worker in workers]
        return max(int(state.partition("VmRSS:")[2].split()[0]) for state in states) / 1024


@contextmanager
def running(command: Sequence[str | Path], port: int, ping: str = "/ping") -> Iterator[Running]:
    """Run a server while the block runs, which begins when `ping` is answered."""
    begin = time.perf_counter()
    environ = os.environ | {"OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        while not _answers(port, ping):
            if process.poll() is not None:
                raise RuntimeError(f"the server ended with exit code {process.returncode}")
            time.sleep(0.005)
        yield Running(process.pid, time.perf_counter() - begin)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # as MLServer's workers let theirs wait
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int, ping: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(f"GET {ping} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def serve_command(root: Path, algorithm: str, port: int) -> list[str | Path]:
    """`serve` on a directory that holds ``model/``."""
    return [
        sys.executable,
        "-m",
        "containers.serve",
        "--algorithm",
        algorithm,
        "--root",
        root,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]


def peer_command(features: int, port: int) -> list[str | Path]:
    """The plain route under the same gunicorn."""
    app = f"tests.benchmarks.serving:plain({features})"
    options = ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "75"]
    return [sys.executable, "-m", "gunicorn", *options, "--log-level", "warning", "--bind", f"127.0.0.1:{port}", app]


def plain(features: int) -> Any:
    """A Flask application as one writes it by hand: parse the row, one dot product, JSON."""
    from flask import Flask, jsonify, request

    app = Flask(__name__)
    weights = np.linspace(-1, 1, features, dtype=np.float32)

    @app.get("/ping")
    def ping() -> str:
        return ""

    @app.post("/invocations")
    def invocations() -> Any:
        row = np.array(request.get_data(as_text=True).split(","), dtype=np.float32)
        score = float(1 / (1 + np.exp(-(row @ weights))))
        return jsonify(predictions=[{"score": score, "predicted_label": int(score > 0.5)}])

    return app


def compare(root: Path, algorithm: str, features: int, *, rounds: int = 5, seconds: float = 3.0) -> str:
    """Serve a model and the plain route, load both in turn, and return a Markdown table."""
    os.environ["MODEL_SERVER_WORKERS"], os.environ["DRYDOCK_THREADS"] = str(WORKERS), str(THREADS)
    row = ",".join(f"{value:.6g}" for value in np.random.default_rng(0).normal(size=features)).encode()
    request = post("/invocations", row, "text/csv")
    ours, theirs = free_port(), free_port()
    loads: dict[str, list[Load]] = {"drydock": [], "plain Flask": []}

    def measure(name: str, port: int) -> float:
        loads[name].append(load(port, request, seconds=seconds))
        return loads[name][-1].per_second

    with running(serve_command(root, algorithm, ours), ours) as server, running(peer_command(features, theirs), theirs):
        rates = in_turn(rounds, ours=lambda: measure("drydock", ours), peer=lambda: measure("plain Flask", theirs))
        memory = server.worker_megabytes
    ratio = Sample([a / b for a, b in zip(rates["ours"].values, rates["peer"].values, strict=True)])
    rows = [
        {
            "server": name,
            "requests/s": sample.format(),
            "p50 ms": Sample([one.p50_milliseconds for one in loads[name][1:]]).format(1),
            "p99 ms": Sample([one.p99_milliseconds for one in loads[name][1:]]).format(1),
        }
        for name, sample in zip(loads, rates.values(), strict=True)
    ]
    start = f"start to `/ping` {server.start_seconds:.2f} s, {memory:.0f} MB a worker"
    return f"{table(rows)}\n\nRatio {ratio.format(2)}; {start}. {machine()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="directory that holds model/")
    parser.add_argument("--algorithm", required=True)
    parser.add_argument("--features", type=int, default=30)
    options = parser.parse_args()
    print(compare(options.root, options.algorithm, options.features))


if __name__ == "__main__":
    main()

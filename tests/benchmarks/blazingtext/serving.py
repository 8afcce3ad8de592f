"""Sentences per second over HTTP, in batches of 1,000, against the official package behind a plain Flask route.

Both serve the same file, which fastText's command line has trained, under gunicorn with the same kind and number of workers and
threads, and are sent the same requests in turn, over as many connections, by one process that shares the cores with them. Other
load on the machine takes from the sentences per second of both; the processor time a batch that the workers report stays.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks import serving
from tests.benchmarks.blazingtext.command_line import fasttext
from tests.benchmarks.blazingtext.supervised import ALL, Text
from tests.benchmarks.peers import Sample, in_turn
from tests.environment import interpreter

BATCH = 1000
ROUNDS, SECONDS = 5, 3.0
PACKAGES = ["fasttext==0.9.3", "numpy<2", "flask", "gunicorn"]


def measure() -> list[Mapping[str, str]]:
    """One row a data set: sentences per second of both, and their ratio."""
    os.environ["MODEL_SERVER_WORKERS"], os.environ["DRYDOCK_THREADS"] = str(serving.WORKERS), str(serving.THREADS)
    return [_row(name, ALL[name]()) for name in ("ag_news", "sst2")]


def _row(name: str, text: Text) -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        model = _train(root, text)
        sentences = [line.split(" ", 1)[1].rstrip("\n") for line in (*text.test, *text.train)[:BATCH]]
        body = json.dumps({"instances": sentences}).encode()
        request = serving.post("/invocations", body, "application/json")
        ours, theirs = serving.free_port(), serving.free_port()
        with (
            serving.running(serving.serve_command(root, "blazingtext", ours), ours) as server,
            serving.running(_flask_command(model, theirs), theirs) as route,
        ):
            _compare(_ask(ours, body), _ask(theirs, body))
            cost: dict[str, list[float]] = {"ours": [], "theirs": []}
            rates = in_turn(
                ROUNDS,
                ours=lambda: _load(ours, server, request, cost["ours"]),
                theirs=lambda: _load(theirs, route, request, cost["theirs"]),
            )
            memory = f"{server.worker_megabytes:,.0f} / {route.worker_megabytes:,.0f}"
    ratio = Sample([a / b for a, b in zip(rates["ours"].values, rates["theirs"].values, strict=True)])
    return {
        "data": name,
        "sentences/s": rates["ours"].format(),
        "fasttext behind Flask": rates["theirs"].format(),
        "ratio": ratio.format(2),
        "processor ms a batch, ours / theirs": " / ".join(Sample(values[1:]).format(1) for values in cost.values()),
        "resident MB a worker, ours / theirs": memory,
    }


def _load(port: int, server: serving.Running, request: bytes, cost: list[float]) -> float:
    """Sentences per second; adds the processor time of a batch, in milliseconds, to `cost`."""
    begin = _processor_seconds(server)
    per_second = serving.load(port, request, seconds=SECONDS).per_second
    batches = per_second * SECONDS + serving.CONNECTIONS / 2  # those in flight at the end are half done
    cost.append((_processor_seconds(server) - begin) / batches * 1000)
    return per_second * BATCH


def _processor_seconds(server: serving.Running) -> float:
    """What all workers have used until now (Linux)."""
    workers = Path(f"/proc/{server.process}/task/{server.process}/children").read_text().split()
    fields = [Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split() for worker in workers]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")  # user's and system's


def _train(root: Path, text: Text) -> Path:
    """A classifier of 100 dimensions and 2-grams, where the server looks for it."""
    (root / "train.txt").write_text("".join(text.train), "utf-8")
    (root / "model").mkdir()
    options = "-dim 100 -wordNgrams 2 -bucket 200000 -lr 0.5 -epoch 5 -thread 11 -verbose 0"
    command: list[str | Path] = [
        fasttext(),
        "supervised",
        "-input",
        root / "train.txt",
        "-output",
        root / "theirs",
        *options.split(),
    ]
    subprocess.run(command, check=True)
    return (root / "theirs.bin").rename(root / "model" / "model.bin")


def _flask_command(model: Path, port: int) -> list[str | Path]:
    options = ["--worker-class", "gthread", "--workers", str(serving.WORKERS), "--threads", str(serving.THREADS)]
    place = [
        "--keep-alive",
        "75",
        "--log-level",
        "warning",
        "--bind",
        f"127.0.0.1:{port}",
        "--chdir",
        str(Path(__file__).parent),
    ]
    return [interpreter("fasttext", PACKAGES), "-m", "gunicorn", *options, *place, f"flask_route:create({str(model)!r})"]


def _ask(port: int, body: bytes) -> list[dict[str, list]]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/invocations", body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def _compare(ours: list[dict[str, list]], theirs: list[dict[str, list]]) -> None:
    """What is measured has to be the same work."""
    for mine, yours in zip(ours, theirs, strict=True):
        if mine["label"] != yours["label"] or abs(mine["prob"][0] - yours["prob"][0]) > 1e-5:
            raise RuntimeError(f"answers differ: {mine}, {yours}")

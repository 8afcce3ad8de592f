"""A served model: ours against MLServer's runtime for XGBoost, and against `Booster.inplace_predict` without any server.

Both servers have two workers and the same model, and get the same rows of sgemm: ours as CSV, MLServer as its own JSON.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests import environment
from tests.benchmarks.datasets import sgemm
from tests.benchmarks.peers import Sample, clock, in_turn
from tests.benchmarks.serving import CONNECTIONS, THREADS, WORKERS, free_port, load, post, running, serve_command

REQUIREMENTS = ("mlserver-xgboost>=1.7,<2", "uvloop<0.22", "xgboost==3.2.0")  # later loops are not for this MLServer
ROUNDS, REPETITIONS, SECONDS = 100, 5, 2.0
MANY = 1000
INFER = "/v2/models/model/infer"


@dataclass(frozen=True)
class Contestant:
    """How one server is asked for the prediction of some rows."""

    name: str
    port: int
    request: Callable[[NDArray[np.float32]], bytes]

    def milliseconds(self, rows: NDArray[np.float32]) -> float:
        """Median time of a request, one client."""
        return load(self.port, self.request(rows), connections=1, seconds=SECONDS).p50_milliseconds

    def per_second(self, rows: NDArray[np.float32]) -> float:
        """Requests per second, eight clients."""
        return load(self.port, self.request(rows), connections=CONNECTIONS, seconds=SECONDS).per_second


def measure() -> list[dict[str, str]]:
    """One row from one client and from eight, payloads of a thousand rows, memory and start."""
    import xgboost

    python = environment.interpreter("bench-xgboost-serving", REQUIREMENTS)
    data = sgemm()
    one, many = data.x_test[:1], data.x_test[:MANY]
    booster = xgboost.train({"max_depth": 6}, xgboost.DMatrix(data.x[:20000], data.y[:20000]), ROUNDS)
    booster.set_param({"nthread": 1})
    os.environ["MODEL_SERVER_WORKERS"], os.environ["DRYDOCK_THREADS"] = str(WORKERS), str(THREADS)
    ours, theirs = Contestant("drydock", free_port(), _csv), Contestant("MLServer", free_port(), _json)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "model").mkdir()
        (root / "model" / "xgboost-model").write_bytes(booster.save_raw("ubj"))
        peer: list[str | Path] = [python.parent / "mlserver", "start", _peer(root, theirs.port)]
        with (
            running(serve_command(root, "xgboost", ours.port), ours.port) as drydock,
            running(peer, theirs.port, "/v2/models/model/ready") as mlserver,
        ):
            samples = in_turn(
                REPETITIONS,
                library=lambda: 1000 * median(clock(partial(booster.inplace_predict, one)) for _ in range(300)),
                **{f"{each.name} alone": partial(each.milliseconds, one) for each in (ours, theirs)},
                **{f"{each.name} together": partial(each.per_second, one) for each in (ours, theirs)},
                **{f"{each.name} many": partial(each.per_second, many) for each in (ours, theirs)},
            )
            memory = drydock.worker_megabytes, mlserver.worker_megabytes
    rows = [{**_empty(), "sgemm, 100 rounds": "Booster.inplace_predict", "one row, p50 ms": samples["library"].format(2)}]
    for each, server, megabytes in ((ours, drydock, memory[0]), (theirs, mlserver, memory[1])):
        rows.append(
            {
                "sgemm, 100 rounds": each.name,
                "one row, p50 ms": samples[f"{each.name} alone"].format(2),
                "8 clients, requests/s": samples[f"{each.name} together"].format(),
                "ratio": _ratio(samples[f"{each.name} together"], samples["MLServer together"]),
                "1,000 rows, rows/s": Sample([MANY * value for value in samples[f"{each.name} many"].values]).format(),
                "MB a worker": f"{megabytes:.0f}",
                "start, s": f"{server.start_seconds:.2f}",
            }
        )
    return rows


def _empty() -> dict[str, str]:
    names = (
        "sgemm, 100 rounds",
        "one row, p50 ms",
        "8 clients, requests/s",
        "ratio",
        "1,000 rows, rows/s",
        "MB a worker",
        "start, s",
    )
    return dict.fromkeys(names, "")


def _ratio(sample: Sample, to: Sample) -> str:
    return Sample([a / b for a, b in zip(sample.values, to.values, strict=True)]).format(2)


def _csv(rows: NDArray[np.float32]) -> bytes:
    text = "\n".join(",".join(f"{value:.9g}" for value in row) for row in rows.tolist())
    return post("/invocations", text.encode(), "text/csv")


def _json(rows: NDArray[np.float32]) -> bytes:
    tensor: dict[str, Any] = {"name": "x", "shape": list(rows.shape), "datatype": "FP32", "data": rows.ravel().tolist()}
    return post(INFER, json.dumps({"inputs": [tensor]}).encode(), "application/json")


def _peer(root: Path, port: int) -> Path:
    """MLServer's settings for the model that lies under `root`."""
    home = root / "mlserver"
    home.mkdir()
    (home / "model.ubj").write_bytes((root / "model" / "xgboost-model").read_bytes())
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    server = {"host": "127.0.0.1", "parallel_workers": WORKERS, "metrics_dir": str(home), **ports}
    model = {"name": "model", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": {"uri": "./model.ubj"}}
    (home / "settings.json").write_text(json.dumps(server))
    (home / "model-settings.json").write_text(json.dumps(model))
    return home

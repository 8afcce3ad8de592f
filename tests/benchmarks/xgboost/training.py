"""Whole training processes, from start to exit: a job of ours against a plain script with pyarrow's reader and xgboost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import recordio
from containers.media import CSV, RECORDIO
from tests import environment
from tests.benchmarks.datasets import sgemm
from tests.benchmarks.peers import Sample, clock, in_turn

REQUIREMENTS = ("xgboost-cpu>=3.1,<4", "pyarrow>=20")
SCRIPT = Path(__file__).with_name("script.py")
ROUNDS, REPETITIONS = 100, 5


def measure() -> list[dict[str, str]]:
    """Seconds for sgemm, all 241,600 rows of it, 100 rounds; ours from CSV and from RecordIO-protobuf."""
    python = environment.interpreter("bench-xgboost-loading", REQUIREMENTS)
    data = sgemm()
    features, labels = np.concatenate([data.x, data.x_test]), np.concatenate([data.y, data.y_test])
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        csv, pbr = _job(root / "csv", CSV), _job(root / "recordio", RECORDIO)
        np.savetxt(csv / "input/data/train/rows", np.column_stack([labels, features]), "%.9g", ",")
        recordio.write(pbr / "input/data/train/rows", features, labels)
        script = [str(python), str(SCRIPT), str(csv / "input/data/train/rows"), str(ROUNDS), str(root / "model.ubj")]
        seconds = in_turn(
            REPETITIONS,
            script=lambda: clock(lambda: _run(script)),
            csv=lambda: clock(lambda: _run(_train(csv))),
            recordio=lambda: clock(lambda: _run(_train(pbr))),
        )
    return [
        {
            "sgemm, 241,600 × 14, 100 rounds": what,
            "seconds": seconds[key].format(2),
            "ratio to the script": _ratio(seconds[key], seconds["script"]),
        }
        for key, what in (
            ("script", "plain script, CSV by pyarrow"),
            ("csv", "drydock, CSV"),
            ("recordio", "drydock, RecordIO-protobuf"),
        )
    ]


def _job(root: Path, content_type: str) -> Path:
    for directory in ("input/config", "input/data/train"):
        (root / directory).mkdir(parents=True)
    config = root / "input" / "config"
    (config / "hyperparameters.json").write_text(json.dumps({"num_round": str(ROUNDS)}))
    channel = {"ContentType": content_type, "TrainingInputMode": "File"}
    (config / "inputdataconfig.json").write_text(json.dumps({"train": channel}))
    return root


def _train(root: Path) -> Sequence[str]:
    return [sys.executable, "-m", "containers.train", "--algorithm", "xgboost", "--root", str(root)]


def _run(command: Sequence[str]) -> None:
    # The report is ours alone: the script draws none.
    environ = os.environ | {"DRYDOCK_REPORT": "off"}
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout)


def _ratio(ours: Sample, theirs: Sample) -> str:
    return Sample([a / b for a, b in zip(ours.values, theirs.values, strict=True)]).format(2)

"""Data larger than memory: what is held does not grow with them."""

import io
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import recordio

pytestmark = pytest.mark.slow

MEGABYTE = 1 << 20
FEATURES = 500
REPOSITORY = Path(__file__).parents[3]


def pieces(megabytes: int):
    """RecordIO-protobuf of about so many megabytes, 4,000 rows at a time."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, FEATURES)).astype(np.float32)
    stream = io.BytesIO()
    recordio.write(stream, x, (x[:, 0] + x[:, 1] > 0).astype(np.float32))
    piece = stream.getvalue()
    for _ in range(-(-megabytes * MEGABYTE // len(piece))):
        yield piece


def feed(fifo: Path, megabytes: int) -> None:
    with fifo.open("wb") as stream:
        for piece in pieces(megabytes):
            stream.write(piece)


def peak_megabytes(root: Path, megabytes: int) -> float:
    """Train on that much through a pipe in a process of its own; the most memory it ever held."""
    config, data = root / "input" / "config", root / "input" / "data"
    config.mkdir(parents=True)
    data.mkdir()
    hyperparameters = {"predictor_type": "binary_classifier", "epochs": "1", "num_models": "4"}
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    (config / "inputdataconfig.json").write_text(json.dumps({"train": {"TrainingInputMode": "Pipe"}}))
    fifo = data / "train_0"
    os.mkfifo(fifo)
    writer = threading.Thread(target=feed, args=(fifo, megabytes), daemon=True)
    writer.start()
    command = [sys.executable, "-m", "containers.train", "--algorithm", "linear-learner", "--root", str(root)]
    environment = {**os.environ, "DRYDOCK_CACHE_MB": "16", "DRYDOCK_REPORT": "off", "PYTHONPATH": str(REPOSITORY)}
    log = root / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, log.read_text()[-2000:]
    writer.join()
    metrics = [json.loads(line) for line in (root / "output" / "data" / "metrics.jsonl").read_text().splitlines()]
    (accuracy,) = (line["value"] for line in metrics if line["name"] == "train:binary_classification_accuracy")
    assert accuracy > 0.95
    return usage.ru_maxrss / 1024


def test_twice_the_data_need_no_more_memory(tmp_path):
    small, large = (peak_megabytes(tmp_path / str(size), size) for size in (300, 600))
    print(f"peak {small:.0f} MB on 300 MB of data, {large:.0f} MB on 600 MB")
    assert large - small < 100

"""Whether a model has learned the rows of `conftest`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from containers.algorithm import find
from containers.media import MediaType
from containers.settings import ServeSettings

CSV, JSON = MediaType.parse("text/csv"), MediaType.parse("application/json")


def as_csv(rows: np.ndarray) -> bytes:
    """The features as the body of a request."""
    return "\n".join(f"{first:.6g},{second:.6g}" for first, second in rows[:, 1:]).encode()


def accuracy(answer: bytes, rows: np.ndarray) -> float:
    """Of a JSON answer to `as_csv`."""
    labels = [prediction["predicted_label"] for prediction in json.loads(answer)["predictions"]]
    return float(np.mean(labels == rows[:, 0]))


def learned(directory: Path, rows: np.ndarray) -> bool:
    """Whether a model directory holds a model that knows the rows; loaded here, as a model is good anywhere."""
    model = find("linear-learner").load(directory, ServeSettings.read({}, directory.parent))
    predictions = model.predict(model.codec.decode(as_csv(rows), CSV))
    return accuracy(model.codec.encode(predictions, JSON), rows) > 0.95

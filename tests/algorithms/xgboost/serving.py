"""What the tests of serving share: small boosters, model directories, and one request as the server makes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xgboost

from algorithms.xgboost.model import XGBoostModel
from containers.media import MediaType
from containers.settings import ServeSettings

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 4)).astype(np.float32)
Y = X[:, 0] + X[:, 1] * X[:, 2]

LABELS = {"binary": (Y > 0).astype(np.float32), "multi": np.digitize(Y, [-0.5, 0.5]).astype(np.float32)}


def train(objective: str = "reg:squarederror", rounds: int = 5, x=X, **parameters) -> xgboost.Booster:
    """A booster on `X` with labels that suit the objective."""
    kind = "binary" if objective == "reg:logistic" else objective.partition(":")[0]
    if kind == "multi":
        parameters["num_class"] = 3
    label = LABELS.get(kind, np.exp(Y))
    return xgboost.train(
        {"objective": objective, "max_depth": 2, "nthread": 1, **parameters}, xgboost.DMatrix(x, label), rounds
    )


def put(booster: xgboost.Booster, directory: Path, name: str = "xgboost-model") -> Path:
    """Save a booster under any name, in UBJSON."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(booster.save_raw("ubj"))
    return directory


def load(directory: Path, **environ: str) -> XGBoostModel:
    return XGBoostModel.load(directory, ServeSettings.read(environ, directory.parent))


def ask(model: XGBoostModel, body: bytes | str, content_type: str = "text/csv", accept: str = "text/csv") -> bytes:
    """One request, the whole way."""
    codec = model.codec
    batch = codec.decode(body.encode() if isinstance(body, str) else body, MediaType.parse(content_type))
    return codec.encode(model.predict(batch), MediaType(accept))


def scores(answer: bytes) -> np.ndarray:
    """The values of a CSV answer, shape: (rows, k)."""
    return np.array([[float(value) for value in line.split(",")] for line in answer.decode().splitlines()], np.float32)

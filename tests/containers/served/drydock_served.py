"""An algorithm from another package, for the tests of `serve`: one weight a feature, and misbehaviour on request."""

import json
import time
from pathlib import Path

import numpy as np

from containers.batch import Predictions
from containers.content.tabular import TabularCodec
from containers.errors import UserError

#: First features that make a prediction misbehave.
BUG, MEMORY, GATE = -1, -2, -3


class Algorithm:
    name = "served"
    multi_model = True

    def load(self, model_dir: Path, settings):
        try:
            weights = json.loads((model_dir / "weights.json").read_bytes())
        except (OSError, ValueError) as error:
            raise UserError(f"weights.json: {error}") from None
        if weights == "huge":
            raise MemoryError("Unable to allocate 1 TiB")
        return Model(model_dir, np.array(weights["list"], np.float32))


class Model:
    def __init__(self, directory: Path, weights):
        self.codec = TabularCodec(len(weights))
        self._directory = directory
        self._weights = weights

    def predict(self, batch):
        first = batch.features[0, 0]
        if first == BUG:
            raise RuntimeError("a secret of the house")
        if first == MEMORY:
            raise MemoryError("Unable to allocate 1 TiB")
        if first == GATE:  # says that it has begun, and ends when it is let
            (self._directory / "begun").touch()
            while not (self._directory / "gate").exists():
                time.sleep(0.005)
        score = batch.features @ self._weights
        return Predictions({"score": score, "predicted_label": (score > 0).astype(np.int32)})


class Solitary(Algorithm):
    name = "solitary"
    multi_model = False


algorithm = Algorithm()
solitary = Solitary()

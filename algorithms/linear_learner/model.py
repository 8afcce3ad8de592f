"""The published model: its files, and prediction with numpy alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from algorithms.linear_learner.losses import NUMPY_OPS, sigmoid, softmax
from containers.batch import Batch, Predictions
from containers.content.tabular import TabularCodec
from containers.errors import UserError

ALGORITHM = "linear-learner"
FORMAT = 1
MODEL_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"

Link = Literal["identity", "logistic", "softmax"]


@dataclass(frozen=True, slots=True)
class Description:
    """``model.json``: all about the model but its weights."""

    predictor_type: str
    feature_dim: int
    outputs: int
    link: Link
    threshold: float | None = None  # of a binary classifier
    algorithm: str = ALGORITHM
    format: int = FORMAT
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    selected: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)


class LinearModel:
    """A linear model for raw features.

    Parameters
    ----------
    weights
        shape: (features, outputs), float64: products of float32 features lose nothing in it, so that a row scores the
        same alone and in a batch.
    bias
        shape: (outputs,), float64
    """

    def __init__(self, description: Description, weights: NDArray[np.float64], bias: NDArray[np.float64]) -> None:
        self.description, self.weights, self.bias = description, weights, bias
        self.codec = TabularCodec(description.feature_dim)

    def raw(self, features: Any) -> NDArray[np.float64]:
        """What the loss sees: the linear function itself, shape: (rows, outputs)."""
        return features @ self.weights + self.bias

    def published(self, raw: NDArray[np.float64]) -> NDArray[np.float32]:
        """Scores as users get them, shape: (rows,), or (rows, classes) for a multiclass classifier."""
        if self.description.link == "softmax":
            raw = softmax(NUMPY_OPS, raw)
        elif self.description.link == "logistic":
            raw = sigmoid(NUMPY_OPS, raw)
        scores = raw.astype(np.float32)
        return scores if self.description.outputs > 1 else scores[:, 0]

    def predict(self, batch: Batch) -> Predictions:
        """Scores, and labels where the model is a classifier."""
        scores = self.published(self.raw(batch.features))
        columns: dict[str, NDArray[Any]] = {"score": scores}
        if self.description.predictor_type == "multiclass_classifier":
            columns["predicted_label"] = scores.argmax(axis=1)
        elif self.description.threshold is not None:
            columns["predicted_label"] = (scores > self.description.threshold).astype(np.int64)
        return Predictions(columns, batch.uids)

    def save(self, directory: Path) -> None:
        """Write the two files."""
        from safetensors.numpy import save

        description = orjson.dumps(asdict(self.description), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
        (directory / MODEL_FILE).write_bytes(description)
        # Not by save_file, which makes the file readable to its owner alone.
        tensors = {"weights": np.ascontiguousarray(self.weights), "bias": np.ascontiguousarray(self.bias)}
        (directory / WEIGHTS_FILE).write_bytes(save(tensors))

    @classmethod
    def load(cls, directory: Path) -> LinearModel:
        """Read what `save` wrote.

        Raises
        ------
        UserError
            A file is missing or damaged, belongs to another algorithm or to a later release.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        path = directory / MODEL_FILE
        try:
            values = orjson.loads(path.read_bytes())
            known = (values["algorithm"], values["format"]) == (ALGORITHM, FORMAT)
            if not known:
                raise UserError(
                    f"{path}: expected algorithm {ALGORITHM!r} in format {FORMAT}, "
                    f"got {values['algorithm']!r} in format {values['format']!r}"
                )
            description = Description(**values)
            tensors = load_file(directory / WEIGHTS_FILE)
            weights, bias = tensors["weights"], tensors["bias"]
        except FileNotFoundError as error:
            missing = MODEL_FILE if error.filename else WEIGHTS_FILE  # of the latter the library gives no name
            raise UserError(f"{directory}: no Linear Learner model here: {missing} is missing") from error
        except (orjson.JSONDecodeError, KeyError, TypeError, SafetensorError) as error:
            raise UserError(f"{directory}: damaged Linear Learner model: {error}") from error
        shape = (description.feature_dim, description.outputs)
        if weights.shape != shape or bias.shape != shape[1:]:
            raise UserError(f"{directory}: weights of shape {weights.shape}, expected {shape}")
        return cls(description, cast(Any, weights), cast(Any, bias))

"""What ``SAGEMAKER_INFERENCE_OUTPUT`` may select, computed from predictions as AWS's container computes it.

``probability`` is that of class 1, or of the likeliest of several classes. A raw score is what the objective predicts; that of
class 0 of two is 1 minus it. What an objective has no answer to is NaN.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from containers.errors import UserError, did_you_mean

log = logging.getLogger(__name__)

VARIABLE = "SAGEMAKER_INFERENCE_OUTPUT"
KEYS = ("predicted_label", "labels", "probability", "probabilities", "raw_score", "raw_scores", "predicted_score")
CLASSIFICATION = KEYS[:-1]
WITHOUT_PROBABILITY = ("predicted_label", "labels", "raw_score", "raw_scores")

#: What each classifier can answer; any other objective has a predicted score alone.
VALID: Mapping[str, Sequence[str]] = {
    "binary:logistic": CLASSIFICATION,
    "binary:logitraw": WITHOUT_PROBABILITY,
    "binary:hinge": WITHOUT_PROBABILITY,
    "multi:softmax": WITHOUT_PROBABILITY,
    "multi:softprob": CLASSIFICATION,
}
#: Above this a prediction is class 1.
THRESHOLDS = {"binary:logistic": 0.5, "binary:logitraw": 0.0}


def parse(text: str, objective: str) -> tuple[str, ...]:
    """The keys of the variable, in its order.

    Raises
    ------
    UserError
        There is no such key.
    """
    keys = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for key in keys:
        if key not in KEYS:
            raise UserError(
                f"environment variable {VARIABLE}: expected some of {', '.join(KEYS)}, got {key!r}{did_you_mean(key, KEYS)}"
            )
    valid = VALID.get(objective, ("predicted_score",))
    if unanswered := [key for key in keys if key not in valid]:
        log.warning("%s: %s will be NaN; %s has %s", VARIABLE, ", ".join(unanswered), objective, ", ".join(valid))
    return keys


def select(
    keys: Sequence[str], predictions: NDArray[np.float32], objective: str, classes: int
) -> dict[str, NDArray[np.generic]]:
    """A column for each key.

    Parameters
    ----------
    predictions
        shape: (rows,), or (rows, outputs)
    classes
        `num_class` of a multiclass objective.
    """
    valid = VALID.get(objective, ("predicted_score",))
    absent = np.full(len(predictions), np.nan, np.float32)
    return {key: _column(key, predictions, objective, classes) if key in valid else absent for key in keys}


def _column(key: str, predictions: NDArray[np.float32], objective: str, classes: int) -> NDArray[np.generic]:
    several = predictions.ndim == 2
    match key:
        case "predicted_label":
            if several:
                return predictions.argmax(axis=1)
            threshold = THRESHOLDS.get(objective)
            return (predictions if threshold is None else predictions > threshold).astype(np.int64)
        case "labels":
            return np.tile(np.arange(classes or 2), (len(predictions), 1))
        case "probability" | "raw_score":
            return predictions.max(axis=1) if several else predictions
        case "probabilities" | "raw_scores":
            return predictions if several else np.stack([1 - predictions, predictions], axis=1)
    return predictions

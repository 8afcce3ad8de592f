"""What is in the data, without training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from containers.batch import Batch

#: Classes listed one by one.
LISTED_CLASSES = 50


def describe(batches: Iterator[Batch], hp: LinearLearnerHyperparameters) -> dict[str, Any]:
    """Rows, features, share of non-zero values, and the labels: their counts, or mean, minimum and maximum."""
    rows = stored = features = 0
    sparse = False
    counts = np.zeros(2 if hp.predictor_type == "binary_classifier" else hp.outputs, np.int64)
    total, low, high = 0.0, np.inf, -np.inf
    for batch in batches:
        assert batch.labels is not None  # noqa: S101 as `read` has seen to
        rows, features = rows + len(batch), batch.features.shape[1]
        sparse |= batch.is_sparse
        stored += int(batch.features.count_nonzero() if batch.is_sparse else np.count_nonzero(batch.features))
        if hp.predictor_type == "regressor":
            total += float(batch.labels.sum(dtype=np.float64))
            low, high = min(low, float(batch.labels.min())), max(high, float(batch.labels.max()))
        else:
            counts += np.bincount(batch.labels.astype(np.int64), minlength=len(counts))
    found: dict[str, Any] = {"rows": rows, "features": features, "sparse": sparse, "non_zero": stored / (rows * features)}
    if hp.predictor_type == "regressor":
        return found | {"label": {"mean": total / rows, "min": low, "max": high}}
    listed = {str(label): int(count) for label, count in enumerate(counts[:LISTED_CLASSES])}
    return found | {"labels": listed, "classes_without_rows": int((counts == 0).sum())}

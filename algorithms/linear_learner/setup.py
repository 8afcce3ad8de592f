"""From hyperparameters and a look at the data to all that training needs: `auto` resolved, scaler and models laid out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.candidates import (
    optimizer_of,
    spread,
)
from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.losses import LOSSES, LossSettings
from algorithms.linear_learner.network import Architecture
from algorithms.linear_learner.optimizers import CosineSchedule, StepSchedule
from algorithms.linear_learner.scaler import Moments, Scaler
from algorithms.linear_learner.sizing import models_for
from algorithms.training.cluster import Cluster
from containers.batch import Batch
from containers.hyperparameters import AUTO

log = logging.getLogger(__name__)

#: An epoch over small data, where `mini_batch_size` is not given.
STEPS_PER_EPOCH, SMALLEST_MINI_BATCH = 32, 16
#: Where only one of step and factor is given, the other is what AWS's training log shows.
AUTO_SCHEDULE_STEP, AUTO_SCHEDULE_FACTOR, AUTO_SCHEDULE_MINIMUM = 100, 0.99, 1e-5


@dataclass(frozen=True, slots=True)
class Sample:
    """What is learnt from the first rows of the training data, over all hosts."""

    features: int
    sparse: bool
    scaler: Scaler
    varies: NDArray[np.bool_]  # shape: (features,)
    class_counts: NDArray[np.float64]  # shape: (classes,); empty for a regressor


def look(head: list[Batch], hp: LinearLearnerHyperparameters, cluster: Cluster) -> Sample:
    """Learn width, scaler and class frequencies from the batches at hand; the scaler from `num_point_for_scaler` rows."""
    features = cluster.maximum(max(batch.features.shape[1] for batch in head))
    sparse = bool(cluster.maximum(int(any(batch.is_sparse for batch in head))))
    shift = hp.use_bias if hp.unbias_data == AUTO else bool(hp.unbias_data)
    origin = np.zeros(features + 1)
    first = head[0]
    if not sparse:
        assert first.labels is not None  # noqa: S101 as `read` has seen to
        origin = np.append(first.features[0], first.labels[0]).astype(np.float64)
    moments = Moments.none(cluster.broadcast(origin), sparse)
    # Rows spread over all that is at hand: the data may be sorted.
    every = max(1, sum(map(len, head)) // hp.num_point_for_scaler)
    for batch in head:
        assert batch.labels is not None  # noqa: S101 as `read` has seen to
        moments = moments.add(batch.features[::every], batch.labels[::every])
    moments = moments.map_sums(cluster.sum)
    regressor = hp.predictor_type == "regressor"
    scaler = moments.scaler(
        shift=shift,
        scale=hp.normalize_data in (AUTO, True),
        shift_label=regressor and hp.use_bias and hp.unbias_label in (AUTO, True),
        scale_label=regressor and hp.normalize_label in (AUTO, True),
    )
    classes = {"binary_classifier": 2, "regressor": 0}.get(hp.predictor_type, hp.outputs)
    labels = np.concatenate([batch.labels for batch in head])
    counts = cluster.sum(np.bincount(labels.astype(np.int64), minlength=classes) if classes else np.zeros(0))
    return Sample(features, sparse, scaler, moments.deviation[:-1] > 0, counts)


def architecture(hp: LinearLearnerHyperparameters, sample: Sample, *, tuning: bool) -> Architecture:
    """All that the network depends on."""
    balanced_weight = 1.0
    if hp.predictor_type == "binary_classifier":
        balanced_weight = sample.class_counts[0] / max(sample.class_counts[1], 1.0) or 1.0
    class_weights = None
    if hp.predictor_type == "multiclass_classifier" and hp.balance_multiclass_weights:
        present = sample.class_counts > 0
        fair = sample.class_counts.sum() / (present.sum() * np.maximum(sample.class_counts, 1.0))
        class_weights = np.where(present, fair, 1.0).astype(np.float32)
    loss_settings = LossSettings(hp.margin, hp.loss_insensitivity, hp.quantile, hp.huber_delta)
    return Architecture(
        varies=sample.varies,
        averaged=not sample.sparse,
        outputs=hp.outputs,
        loss=LOSSES[hp.loss_name],
        loss_settings=loss_settings.scaled(sample.scaler.label_scale),
        candidates=spread(hp, models_for(hp, sample.features, tuning=tuning), balanced_weight),
        optimizer=optimizer_of(hp),
        optimizer_settings=_optimizer_settings(hp),
        schedule=_schedule(hp),
        bias_lr_mult=float(_given(hp.bias_lr_mult, 1.0)) if hp.use_bias else None,
        bias_wd_mult=float(_given(hp.bias_wd_mult, 0.0)),
        init_uniform=hp.init_method == "uniform",
        init_scale=hp.init_scale if hp.init_method == "uniform" else hp.init_sigma,
        init_bias=hp.init_bias,
        class_weights=class_weights,
    )


def mini_batch_for(hp: LinearLearnerHyperparameters, rows: int, *, complete: bool) -> int:
    """Rows of a mini-batch, given those of a host that are in memory and whether these are all.

    The default of 1000 suits large data. On small data it would leave a handful of steps, so where the user gives no size an
    epoch has `STEPS_PER_EPOCH` of them.
    """
    if "mini_batch_size" in hp.given:
        if rows < hp.mini_batch_size:
            log.warning("mini_batch_size=%d exceeds the training rows, of which there are %d", hp.mini_batch_size, rows)
        return min(hp.mini_batch_size, rows)
    if not complete:
        return min(hp.mini_batch_size, rows)
    return min(hp.mini_batch_size, rows, max(SMALLEST_MINI_BATCH, rows // STEPS_PER_EPOCH))


def _schedule(hp: LinearLearnerHyperparameters) -> StepSchedule | CosineSchedule | None:
    if not hp.use_lr_scheduler:
        return None
    minimum = float(_given(hp.lr_scheduler_minimum_lr, AUTO_SCHEDULE_MINIMUM))
    if hp.lr_scheduler_step == AUTO and hp.lr_scheduler_factor == AUTO:
        return CosineSchedule(hp.epochs, minimum)
    step, factor = _given(hp.lr_scheduler_step, AUTO_SCHEDULE_STEP), _given(hp.lr_scheduler_factor, AUTO_SCHEDULE_FACTOR)
    return StepSchedule(int(step), float(factor), minimum)


def _optimizer_settings(hp: LinearLearnerHyperparameters) -> dict[str, float]:
    match optimizer_of(hp):
        case "adam":
            return {"beta_1": float(_given(hp.beta_1, 0.9)), "beta_2": float(_given(hp.beta_2, 0.999))}
        case "sgd":
            return {"momentum": float(_given(hp.momentum, 0.0))}
        case _:
            return {}


def _given(value: Any, auto: float) -> float:
    return auto if value == AUTO else value

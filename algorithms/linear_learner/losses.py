"""The losses: value and slope of each, written once for numpy (evaluation) and TensorFlow (training).

Scores ``z`` have shape (rows, models, outputs) and targets ``t`` shape (rows, 1, outputs): the label itself for binary
classifiers and regressors (outputs = 1), one-hot rows for multiclass classifiers. Values sum over the outputs,
shape: (rows, models); slopes are the derivatives by ``z``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

Array = Any
Ops = Any

#: The handful of functions a loss needs, named as in numpy.
NUMPY_OPS = SimpleNamespace(
    abs=np.abs, exp=np.exp, log=np.log, log1p=np.log1p, maximum=np.maximum, sign=np.sign, where=np.where,
    max=lambda a: np.max(a, axis=-1, keepdims=True), sum=lambda a: np.sum(a, axis=-1, keepdims=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LossSettings:
    """The losses' own hyperparameters, in units of the label."""

    margin: float = 1.0
    insensitivity: float = 0.01
    quantile: float = 0.5
    huber_delta: float = 1.0

    def scaled(self, unit: float) -> LossSettings:
        """The same loss for labels divided by `unit`."""
        return LossSettings(self.margin, self.insensitivity / unit, self.quantile, self.huber_delta / unit)


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss.

    Attributes
    ----------
    objective
        Its name in AWS's log lines.
    predictors
        The predictor types whose labels it can be computed on.
    value, slope
        Functions of (ops, z, t, settings).
    degree
        Scaling labels and scores by ``s`` scales the loss by ``s ** degree`` (with `LossSettings.scaled`).
    link
        What turns a raw score into the published one.
    natural_threshold
        The published score above which an uncalibrated binary classifier says 1.
    """

    objective: str
    predictors: tuple[str, ...]
    value: Callable[[Ops, Array, Array, LossSettings], Array]
    slope: Callable[[Ops, Array, Array, LossSettings], Array]
    degree: int = 1
    link: str = "identity"
    natural_threshold: float = 0.5


def _elementwise(value: Callable[..., Array]) -> Callable[..., Array]:
    return lambda xp, z, t, s: xp.sum(value(xp, z, t, s))[..., 0]


def _logistic(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    return xp.maximum(z, 0.0) - z * t + xp.log1p(xp.exp(-xp.abs(z)))


def sigmoid(xp: Ops, z: Array) -> Array:
    """The logistic function without overflow."""
    small = xp.exp(-xp.abs(z))
    return xp.where(z >= 0, 1.0 / (1.0 + small), small / (1.0 + small))


def softmax(xp: Ops, z: Array) -> Array:
    """Probabilities over the last axis."""
    e = xp.exp(z - xp.max(z))
    return e / xp.sum(e)


def _cross_entropy(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    shifted = z - xp.max(z)
    return (xp.log(xp.sum(xp.exp(shifted))) - xp.sum(shifted * t))[..., 0]


def _excess(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    return xp.maximum(xp.abs(z - t) - s.insensitivity, 0.0)


def _hinge(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    return xp.maximum(s.margin - (2.0 * t - 1.0) * z, 0.0)


def _hinge_slope(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    side = 2.0 * t - 1.0
    return xp.where(side * z < s.margin, -side * (z * 0.0 + 1.0), z * 0.0)


def _quantile(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    return xp.maximum(s.quantile * (t - z), (s.quantile - 1.0) * (t - z))


def _huber(xp: Ops, z: Array, t: Array, s: LossSettings) -> Array:
    r, d = xp.abs(z - t), s.huber_delta
    return xp.where(r <= d, 0.5 * r * r, d * (r - 0.5 * d))


def _clip(xp: Ops, a: Array, limit: float) -> Array:
    return xp.maximum(-xp.maximum(-a, -limit), -limit)


_CLASSIFIERS = ("binary_classifier", "multiclass_classifier")
_ALL = (*_CLASSIFIERS, "regressor")

#: By AWS's names. Any loss is offered wherever it can be computed: the regression losses on 0/1 labels too (an official
#: notebook trains a binary classifier with ``absolute_loss``); multiclass with an elementwise loss is one against the rest.
LOSSES: dict[str, Loss] = {
    "logistic": Loss(
        "binary_classification_cross_entropy_objective", _CLASSIFIERS, _elementwise(_logistic),
        lambda xp, z, t, s: sigmoid(xp, z) - t, link="logistic",
    ),
    "hinge_loss": Loss("hinge_loss_objective", _CLASSIFIERS, _elementwise(_hinge), _hinge_slope, natural_threshold=0.0),
    "softmax_loss": Loss(
        "multiclass_cross_entropy_objective", ("multiclass_classifier",), _cross_entropy,
        lambda xp, z, t, s: softmax(xp, z) - t, link="softmax",
    ),
    "squared_loss": Loss(
        "mse_objective", _ALL, _elementwise(lambda xp, z, t, s: (z - t) * (z - t)),
        lambda xp, z, t, s: 2.0 * (z - t), degree=2,
    ),
    "absolute_loss": Loss(
        "absolute_loss_objective", _ALL, _elementwise(lambda xp, z, t, s: xp.abs(z - t)),
        lambda xp, z, t, s: xp.sign(z - t),
    ),
    "eps_insensitive_squared_loss": Loss(
        "eps_insensitive_squared_loss_objective", _ALL, _elementwise(lambda xp, z, t, s: _excess(xp, z, t, s) ** 2),
        lambda xp, z, t, s: 2.0 * xp.sign(z - t) * _excess(xp, z, t, s), degree=2,
    ),
    "eps_insensitive_absolute_loss": Loss(
        "eps_insensitive_absolute_loss_objective", _ALL, _elementwise(_excess),
        lambda xp, z, t, s: xp.where(_excess(xp, z, t, s) > 0, xp.sign(z - t), z * 0.0),
    ),
    "quantile_loss": Loss(
        "quantile_loss_objective", _ALL, _elementwise(_quantile),
        lambda xp, z, t, s: xp.where(t > z, z * 0.0 - s.quantile, z * 0.0 + 1.0 - s.quantile),
    ),
    "huber_loss": Loss(
        "huber_loss_objective", _ALL, _elementwise(_huber),
        lambda xp, z, t, s: _clip(xp, z - t, s.huber_delta), degree=2,
    ),
}  # fmt: skip

DEFAULT_LOSS = {"binary_classifier": "logistic", "multiclass_classifier": "softmax_loss", "regressor": "squared_loss"}

"""The optimizers, each one update rule for a matrix whose columns have learning rates of their own.

`step` returns the moved weights, the pace (how far a steady unit of gradient moves each weight: what L1 is measured in)
and the new state. Sources: Kingma & Ba 2015 (Adam), Duchi et al. 2011 (AdaGrad), Tieleman & Hinton 2012 (RMSProp).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Tensor = Any
Step = tuple[Tensor, Tensor, list[Tensor]]


@dataclass(frozen=True, slots=True)
class StepSchedule:
    """Every `step` steps the learning rate is multiplied by `factor`, down to `minimum_lr`."""

    step: int
    factor: float
    minimum_lr: float

    def as_dict(self) -> dict[str, Any]:
        return {"lr_scheduler_step": self.step, "lr_scheduler_factor": self.factor, "lr_scheduler_minimum_lr": self.minimum_lr}

    def apply(self, tf: Any, rate: Tensor, steps: Tensor, epoch: Tensor) -> Tensor:
        """The learning rate after `steps` steps, in `epoch`; one that starts below the minimum stays where it is."""
        return tf.maximum(rate * self.factor ** tf.cast(steps // self.step, tf.float32), tf.minimum(rate, self.minimum_lr))


@dataclass(frozen=True, slots=True)
class CosineSchedule:
    """From epoch to epoch the learning rate falls along half a cosine, towards `minimum_lr` (Loshchilov & Hutter 2017)."""

    epochs: int
    minimum_lr: float

    def as_dict(self) -> dict[str, Any]:
        return {"lr_scheduler_step": "auto", "lr_scheduler_factor": "auto", "lr_scheduler_minimum_lr": self.minimum_lr}

    def apply(self, tf: Any, rate: Tensor, steps: Tensor, epoch: Tensor) -> Tensor:
        """The learning rate in `epoch`; one that starts below the minimum stays where it is."""
        share = 0.5 * (1.0 + tf.cos(math.pi * epoch / self.epochs))
        return tf.maximum(rate * share, tf.minimum(rate, self.minimum_lr))


@dataclass(frozen=True)
class Adam:
    tf: Any
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    slots = 2

    def step(self, w: Tensor, g: Tensor, state: list[Tensor], rate: Tensor, t: Tensor) -> Step:
        m = self.beta_1 * state[0] + (1 - self.beta_1) * g
        v = self.beta_2 * state[1] + (1 - self.beta_2) * g * g
        pace = rate / (self.tf.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)
        return w - pace * m / (1 - self.beta_1**t), pace, [m, v]


@dataclass(frozen=True)
class AdaGrad:
    tf: Any
    epsilon: float = 1e-7
    slots = 1

    def step(self, w: Tensor, g: Tensor, state: list[Tensor], rate: Tensor, t: Tensor) -> Step:
        total = state[0] + g * g
        pace = rate / (self.tf.sqrt(total) + self.epsilon)
        return w - pace * g, pace, [total]


@dataclass(frozen=True)
class RMSProp:
    tf: Any
    decay: float = 0.9
    epsilon: float = 1e-7
    slots = 1

    def step(self, w: Tensor, g: Tensor, state: list[Tensor], rate: Tensor, t: Tensor) -> Step:
        mean = self.decay * state[0] + (1 - self.decay) * g * g
        pace = rate / (self.tf.sqrt(mean) + self.epsilon)
        return w - pace * g, pace, [mean]


@dataclass(frozen=True)
class SGD:
    tf: Any
    momentum: float = 0.0
    slots = 1

    def step(self, w: Tensor, g: Tensor, state: list[Tensor], rate: Tensor, t: Tensor) -> Step:
        velocity = self.momentum * state[0] + g
        # A steady gradient builds up a velocity of 1 / (1 - momentum) times itself.
        pace = rate / (1 - self.momentum) + self.tf.zeros_like(w)
        return w - rate * velocity, pace, [velocity]


OPTIMIZERS: dict[str, Any] = {"adam": Adam, "adagrad": AdaGrad, "rmsprop": RMSProp, "sgd": SGD}

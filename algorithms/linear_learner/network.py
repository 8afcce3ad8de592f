"""The mathematics of training: many linear models as one weight matrix, in compiled steps.

Column ``m * outputs + k`` of the weights belongs to output ``k`` of model ``m``. All models see the same rows, so one
matrix product serves them all; learning rate, weight decay and L1 are vectors over the columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from algorithms.linear_learner.candidates import Candidate
from algorithms.linear_learner.losses import Loss, LossSettings
from algorithms.linear_learner.optimizers import OPTIMIZERS, CosineSchedule, StepSchedule
from algorithms.training.cluster import Cluster
from algorithms.training.tensorflow import import_tensorflow

Tensor = Any

#: What the newest weights count in the running average, at least.
AVERAGED_SHARE = 0.08


@dataclass(frozen=True, slots=True)
class Architecture:
    """What the compiled steps depend on.

    Attributes
    ----------
    varies
        Whether a feature is not constant in the sample, shape: (features,). The weights of those that are start at 0, so that a
        feature which never varies has no say in predictions.
    averaged
        Whether the models that are judged and published are running averages over the last steps (Polyak & Juditsky 1992):
        the learning rate can then be high enough for few steps to suffice. Sparse steps do without, since an average moves
        in every row at every step.
    """

    varies: NDArray[np.bool_]
    averaged: bool
    outputs: int
    loss: Loss
    loss_settings: LossSettings
    candidates: Sequence[Candidate]
    optimizer: str
    optimizer_settings: dict[str, float]
    schedule: StepSchedule | CosineSchedule | None
    bias_lr_mult: float | None  # None: no bias
    bias_wd_mult: float
    init_uniform: bool
    init_scale: float
    init_bias: float
    class_weights: NDArray[np.float32] | None  # shape: (outputs,)

    @property
    def features(self) -> int:
        return len(self.varies)


class Network:
    """Weights, optimizer state and the steps on them.

    Dense steps take ``x`` of shape (rows, features). Sparse steps take one mini-batch whose columns were renumbered to those
    that occur in it: only these rows of the weights are read and written, so a step costs what the batch holds, not
    what the model holds. L1 and weight decay then act on a feature in the batches in which it occurs.
    """

    def __init__(self, arch: Architecture, cluster: Cluster, seed: int = 0) -> None:
        self.tf = tf = import_tensorflow()
        self.arch, self.cluster = arch, cluster
        self.models = len(arch.candidates)
        self.ops = SimpleNamespace(
            abs=tf.abs, exp=tf.exp, log=tf.math.log, log1p=tf.math.log1p, maximum=tf.maximum, sign=tf.sign, where=tf.where,
            max=lambda a: tf.reduce_max(a, axis=-1, keepdims=True), sum=lambda a: tf.reduce_sum(a, axis=-1, keepdims=True),
        )  # fmt: skip
        self.width = self.models * arch.outputs  # columns of the weights
        self.rate = self._by_column([c.learning_rate for c in arch.candidates])
        self.decay = self._by_column([c.wd for c in arch.candidates])
        self.l1 = self._by_column([c.l1 for c in arch.candidates]) if any(c.l1 for c in arch.candidates) else None
        self.positive_weight = tf.constant([c.positive_weight for c in arch.candidates], tf.float32)

        draw = tf.random.stateless_uniform if arch.init_uniform else tf.random.stateless_normal
        spread = {"minval": -1.0, "maxval": 1.0} if arch.init_uniform else {}
        # The same start for every model.
        initial = draw((arch.features, arch.outputs), seed=(seed, 1), **spread) * arch.init_scale
        initial *= arch.varies[:, None]
        self.weights = tf.Variable(tf.tile(initial, (1, self.models)))
        self.bias = tf.Variable(tf.fill((self.width,), arch.init_bias if arch.bias_lr_mult is not None else 0.0))
        self.average, self.average_bias = self.weights, self.bias
        if arch.averaged:
            self.average, self.average_bias = tf.Variable(self.weights), tf.Variable(self.bias)
        self.best_weights, self.best_bias = tf.Variable(self.weights), tf.Variable(self.bias)
        self.step = tf.Variable(0, dtype=tf.int64)
        self.optimizer = OPTIMIZERS[arch.optimizer](tf, **arch.optimizer_settings)
        self.weight_slots = [tf.Variable(tf.zeros_like(self.weights)) for _ in range(self.optimizer.slots)]
        self.bias_slots = [tf.Variable(tf.zeros_like(self.bias)) for _ in range(self.optimizer.slots)]

        self.train_dense = cluster.function(self._train_dense)
        self.train_sparse = cluster.function(lambda *block: cluster.run(self._sparse_step, *block))
        self.scores_dense, self.scores_sparse, self.losses = (
            tf.function(scores, autograph=False, reduce_retracing=True)
            for scores in (self._scores_dense, self._scores_sparse, self._losses)
        )

    def state(self) -> dict[str, Any]:
        """All variables by name: what a checkpoint holds."""
        named = {"weights": self.weights, "bias": self.bias, "step": self.step}
        named |= {"average": self.average, "average_bias": self.average_bias}
        named |= {"best_weights": self.best_weights, "best_bias": self.best_bias}
        named |= {f"weight_slot_{i}": slot for i, slot in enumerate(self.weight_slots)}
        return named | {f"bias_slot_{i}": slot for i, slot in enumerate(self.bias_slots)}

    def keep(self, models: NDArray[np.bool_]) -> None:
        """Remember some models as they are now as their best; shape: (models,)."""
        columns = np.repeat(models, self.arch.outputs)
        self.best_weights.assign(self.tf.where(columns, self.average, self.best_weights))
        self.best_bias.assign(self.tf.where(columns, self.average_bias, self.best_bias))

    def restore_best(self) -> None:
        """Judge and publish what `keep` remembered, from now on."""
        self.average.assign(self.best_weights)
        self.average_bias.assign(self.best_bias)

    def settle(self) -> None:
        """Before models are judged: what L1 has made zero is zero in the average too."""
        if self.l1 is not None and self.arch.averaged:
            self.average.assign(self.tf.where((self.weights == 0.0) & (self.l1 > 0.0), 0.0, self.average))

    # One step -----------------------------------------------------------------------------------------------------------

    def _train_dense(self, x: Tensor, y: Tensor, starts: Tensor, size: Tensor, epoch: Tensor) -> tuple[Tensor, Tensor]:
        """A step for each start: rows ``[start, start + size)`` of ``x``, shape: (rows, features), and ``y``, shape: (rows,).

        A start at the end of the rows is a step without rows, taken by a host that has none left while others have.

        Returns each model's mean loss times the rows, summed over the steps, shape: (models,), and the number of rows, over
        all hosts. In the mean, rows count by their weights.
        """
        tf = self.tf

        def step(i: Tensor, total: Tensor, count: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            piece = slice(starts[i], starts[i] + size)
            loss, rows = self.cluster.run(self._dense_step, x[piece], y[piece], epoch)
            return i + 1, total + loss, count + rows

        number = tf.shape(starts)[0]
        _, total, count = tf.while_loop(
            lambda i, total, count: i < number, step, (0, tf.zeros(self.models), tf.zeros(())), parallel_iterations=1
        )
        return total, count

    def _dense_step(self, x: Tensor, y: Tensor, epoch: Tensor) -> tuple[Tensor, Tensor]:
        tf = self.tf
        loss, slope, weight = self._objective(tf.matmul(x, self.weights) + self.bias, y)
        gradient = tf.matmul(x, slope, transpose_a=True)
        flat = tf.concat([tf.reshape(gradient, (-1,)), tf.reduce_sum(slope, 0), weight, loss, self._rows(y)], 0)
        parts = tf.split(self.cluster.reduce(flat), self._sizes(self.arch.features))
        self._update(None, tf.reshape(parts[0], tf.shape(self.weights)), parts[1], parts[2], epoch)
        return self._by_rows(*parts[2:])

    def _sparse_step(self, indices: Tensor, values: Tensor, columns: Tensor, y: Tensor, epoch: Tensor) -> tuple[Tensor, Tensor]:
        """One step on a sparse mini-batch.

        Parameters
        ----------
        indices
            shape: (stored, 2), int64: row and position in `columns` of each stored value.
        columns
            shape: (occurring,), int64: the features that occur.
        """
        tf = self.tf
        shape = tf.stack([tf.shape(y, tf.int64)[0], tf.shape(columns, tf.int64)[0]])
        rows = tf.SparseTensor(indices, values, shape)
        z = tf.sparse.sparse_dense_matmul(rows, tf.gather(self.weights, columns)) + self.bias
        loss, slope, weight = self._objective(z, y)
        gradient = tf.sparse.sparse_dense_matmul(rows, slope, adjoint_a=True)
        flat = self.cluster.reduce(tf.concat([tf.reduce_sum(slope, 0), weight, loss, self._rows(y)], 0))
        parts = tf.split(flat, self._sizes(0)[1:])
        if self.cluster.strategy is not None:
            columns, place = tf.unique(self.cluster.collect(columns), tf.int64)
            gradient = tf.math.unsorted_segment_sum(self.cluster.collect(gradient), place, tf.shape(columns)[0])
        self._update(columns, gradient, parts[0], parts[1], epoch)
        return self._by_rows(*parts[1:])

    def _rows(self, y: Tensor) -> Tensor:
        return self.tf.cast(self.tf.shape(y), self.tf.float32)

    def _by_rows(self, weight: Tensor, loss: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean losses times rows, shape: (models,), and rows, shape: (); what is reported is what the gradient minimises."""
        return loss / self.tf.maximum(weight, 1e-30) * rows, rows[0]

    def _sizes(self, features: int) -> list[int]:
        return [features * self.width, self.width, self.models, self.models, 1]

    def _objective(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Losses and slopes, both times the example weights, and these; losses and weights summed over the rows.

        shapes: z (rows, models * outputs), y (rows,) -> (models,), (rows, models * outputs), (models,)
        """
        tf, arch = self.tf, self.arch
        z = tf.reshape(z, (-1, self.models, arch.outputs))
        target, weight = self._target(y), self._example_weights(y)
        slope = arch.loss.slope(self.ops, z, target, arch.loss_settings) * weight[:, :, None]
        loss = arch.loss.value(self.ops, z, target, arch.loss_settings) * weight
        return tf.reduce_sum(loss, 0), tf.reshape(slope, (-1, self.width)), tf.reduce_sum(weight, 0)

    def _example_weights(self, y: Tensor) -> Tensor:
        """What each row counts for each model, shape: (rows, models)."""
        tf, arch = self.tf, self.arch
        weight = tf.ones((tf.shape(y)[0], self.models))
        if arch.class_weights is not None:
            weight *= tf.gather(tf.constant(arch.class_weights), tf.cast(y, tf.int32))[:, None]
        if any(c.positive_weight != 1.0 for c in arch.candidates):
            weight *= tf.where(y[:, None] == 1.0, self.positive_weight, 1.0)
        return weight

    def _target(self, y: Tensor) -> Tensor:
        if self.arch.outputs == 1:
            return y[:, None, None]
        return self.tf.one_hot(self.tf.cast(y, self.tf.int32), self.arch.outputs)[:, None, :]

    def _update(self, columns: Tensor | None, gradient: Tensor, bias_gradient: Tensor, weight: Tensor, epoch: Tensor) -> None:
        """Apply summed gradients; `columns` names the rows of the weights they belong to, None meaning all."""
        tf, arch = self.tf, self.arch
        scale = tf.repeat(1.0 / tf.maximum(weight, 1e-30), arch.outputs)
        rate = self.rate if arch.schedule is None else arch.schedule.apply(tf, self.rate, self.step, epoch)
        self.step.assign_add(1)
        t = tf.cast(self.step, tf.float32)

        def at(variable: Any) -> Tensor:
            return variable if columns is None else tf.gather(variable, columns)

        def put(variable: Any, value: Tensor) -> None:
            if columns is None:
                variable.assign(value)
            else:
                variable.scatter_update(tf.IndexedSlices(value, columns))

        current = at(self.weights)
        moved, pace, state = self.optimizer.step(
            current, gradient * scale + self.decay * current, [at(slot) for slot in self.weight_slots], rate, t
        )
        if self.l1 is not None:
            # The proximal step in the optimizer's own metric: a weight is zero exactly where |gradient| <= l1 keeps it there.
            moved = tf.sign(moved) * tf.maximum(tf.abs(moved) - self.l1 * pace, 0.0)
        put(self.weights, moved)
        for slot, value in zip(self.weight_slots, state, strict=True):
            put(slot, value)
        if arch.bias_lr_mult is not None:
            total = bias_gradient * scale + self.decay * arch.bias_wd_mult * self.bias
            moved, _, state = self.optimizer.step(self.bias, total, self.bias_slots, rate * arch.bias_lr_mult, t)
            self.bias.assign(moved)
            for slot, value in zip(self.bias_slots, state, strict=True):
                slot.assign(value)
        if arch.averaged:
            share = tf.maximum(AVERAGED_SHARE, 2.0 / (t + 1.0))
            self.average.assign_add(share * (self.weights - self.average))
            self.average_bias.assign_add(share * (self.bias - self.average_bias))

    # Scores and losses --------------------------------------------------------------------------------------------------

    def _scores_dense(self, x: Tensor) -> Tensor:
        """Raw scores, shape: (rows, models, outputs)."""
        return self.tf.reshape(self.tf.matmul(x, self.average) + self.average_bias, (-1, self.models, self.arch.outputs))

    def _scores_sparse(self, indices: Tensor, values: Tensor, rows: Tensor) -> Tensor:
        """Raw scores of sparse rows, given row and feature of each stored value; shape: (rows, models, outputs)."""
        tf = self.tf
        block = tf.SparseTensor(indices, values, tf.stack([rows, tf.constant(self.arch.features, tf.int64)]))
        z = tf.sparse.sparse_dense_matmul(block, self.average) + self.average_bias
        return tf.reshape(z, (-1, self.models, self.arch.outputs))

    def _losses(self, scores: Tensor, y: Tensor) -> Tensor:
        """Weighted losses and weights of each model, summed over the rows, shape: (2, models)."""
        weight = self._example_weights(y)
        loss = self.arch.loss.value(self.ops, scores, self._target(y), self.arch.loss_settings) * weight
        return self.tf.stack([self.tf.reduce_sum(loss, 0), self.tf.reduce_sum(weight, 0)])

    def _by_column(self, values: Sequence[float]) -> Tensor:
        return self.tf.constant(np.repeat(np.asarray(values, np.float32), self.arch.outputs))

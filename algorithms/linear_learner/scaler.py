"""Normalisation and unbiasing: learnt from a sample, undone in the published weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


Features = Any  # NDArray[np.float32] or csr_array, shape: (rows, features)


@dataclass(frozen=True, slots=True)
class Scaler:
    """An affine map of features and label: ``x' = (x - mean) / scale``, ``y' = (y - label_mean) / label_scale``.

    Sparse features are scaled, not shifted, which would make them dense; with a bias term the models that can be
    expressed are the same, since the bias absorbs the shift.

    Attributes
    ----------
    mean, scale
        shape: (features,), float64.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    label_mean: float = 0.0
    label_scale: float = 1.0

    def features(self, x: Features) -> Features:
        """Normalised features; the array or the matrix is changed in place."""
        if isinstance(x, np.ndarray):
            # The difference is taken in float64: of timestamps, float32 would leave little.
            np.subtract(x, self.mean, out=x, dtype=np.float64, casting="same_kind")
            return np.divide(x, self.scale.astype(np.float32), out=x)
        x.data /= self.scale.astype(np.float32)[x.indices]
        return x

    def labels(self, y: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalised labels, shape: (rows,), float32."""
        return ((y.astype(np.float64) - self.label_mean) / self.label_scale).astype(np.float32)

    def fold(self, weights: NDArray, bias: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights and bias for raw features and labels.

        Parameters
        ----------
        weights
            shape: (features, outputs), for normalised features.
        bias
            shape: (outputs,)
        """
        raw = weights.astype(np.float64) * (self.label_scale / self.scale)[:, None]
        return raw, bias.astype(np.float64) * self.label_scale + self.label_mean - self.mean @ raw


@dataclass(slots=True)
class Moments:
    """Sums from which a `Scaler` is made; those of several hosts add up."""

    count: float
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, x: Features, y: NDArray[np.float32], origin: NDArray[np.float64]) -> Moments:
        """Moments about `origin` of the features (shape: (rows, features)) with the label as the last column.

        An origin near the mean keeps the squares from swallowing the variance of columns such as timestamps.
        """
        label = y.astype(np.float64)[:, None] - origin[-1]
        if isinstance(x, np.ndarray):
            z = x.astype(np.float64) - origin[:-1]
            sums, squares = z.sum(axis=0), np.einsum("ij,ij->j", z, z)
        else:
            data = x.data.astype(np.float64)
            sums = np.bincount(x.indices, data, minlength=x.shape[1])
            squares = np.bincount(x.indices, data * data, minlength=x.shape[1])
        return cls(len(y), np.append(sums, label.sum()), np.append(squares, (label * label).sum()))

    def __add__(self, other: Moments) -> Moments:
        return Moments(self.count + other.count, self.sums + other.sums, self.squares + other.squares)

    def deviation(self, origin: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard deviation of each column; 0 for one that is constant but for rounding in float32."""
        mean = self.sums / self.count
        deviation = np.sqrt(np.maximum(self.squares / self.count - mean * mean, 0.0))
        return np.where(deviation <= 1e-7 * np.abs(mean + origin), 0.0, deviation)

    def scaler(
        self, origin: NDArray[np.float64], *, shift: bool, scale: bool, shift_label: bool, scale_label: bool
    ) -> Scaler:
        """The map these sums ask for. A constant column keeps its scale."""
        mean = self.sums / self.count + origin
        deviation = self.deviation(origin)
        deviation[deviation == 0.0] = 1.0
        width = len(mean) - 1
        return Scaler(
            mean[:-1] if shift else np.zeros(width),
            deviation[:-1] if scale else np.ones(width),
            float(mean[-1]) if shift_label else 0.0,
            float(deviation[-1]) if scale_label else 1.0,
        )

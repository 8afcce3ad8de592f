"""Normalisation and unbiasing: learnt from a sample, undone in the published weights."""

from __future__ import annotations

from collections.abc import Callable
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


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over rows from which a `Scaler` is made, with the label as the last column; those of several hosts add up.

    Dense columns are measured by their standard deviation. Of sparse ones the root mean square of what is stored is taken: by
    their deviation, features that rarely occur would be blown up, and with them the steps of gradient descent.

    Attributes
    ----------
    counts, sums, squares
        shape: (features + 1,); for sparse features over stored values. Sums are about `origin`: near the mean it keeps the
        squares of columns such as timestamps from swallowing their variance.
    """

    origin: NDArray[np.float64]
    sparse: bool
    counts: NDArray[np.float64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def none(cls, origin: NDArray[np.float64], sparse: bool) -> Moments:
        """The moments of no rows; `origin` is of shape (features + 1,), zero for sparse features."""
        return cls(origin, sparse, *(np.zeros(len(origin)) for _ in range(3)))

    def add(self, x: Features, y: NDArray[np.float32]) -> Moments:
        """With some more rows; shapes: (rows, features) and (rows,)."""
        label = y.astype(np.float64) - self.origin[-1]
        if isinstance(x, np.ndarray):
            z = x.astype(np.float64) - self.origin[:-1]
            counts = np.full(x.shape[1], len(x)) if not self.sparse else np.count_nonzero(x, axis=0)
            sums, squares = z.sum(axis=0), np.einsum("ij,ij->j", z, z)
        else:
            data, width = x.data.astype(np.float64), x.shape[1]
            counts = np.bincount(x.indices, minlength=width)
            sums = np.bincount(x.indices, data, minlength=width)
            squares = np.bincount(x.indices, data * data, minlength=width)
        more = np.append(counts, len(y)), np.append(sums, label.sum()), np.append(squares, (label * label).sum())
        return Moments(self.origin, self.sparse, self.counts + more[0], self.sums + more[1], self.squares + more[2])

    def map_sums(self, add: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Moments:
        """The same of all hosts, given what sums an array over them."""
        return Moments(self.origin, self.sparse, add(self.counts), add(self.sums), add(self.squares))

    @property
    def deviation(self) -> NDArray[np.float64]:
        """What each column is measured by; 0 for one that is constant but for rounding in float32, or never stored."""
        counts = np.maximum(self.counts, 1.0)
        mean = self.sums / counts
        around = np.where(self.sparse & (np.arange(len(mean)) < len(mean) - 1), 0.0, mean)
        deviation = np.sqrt(np.maximum(self.squares / counts - around * around, 0.0))
        return np.where(deviation <= 1e-7 * np.abs(mean + self.origin), 0.0, deviation)

    def scaler(self, *, shift: bool, scale: bool, shift_label: bool, scale_label: bool) -> Scaler:
        """The map these sums ask for. A constant column becomes 0 where it is shifted, and at most 1 where it is not."""
        mean = self.sums / np.maximum(self.counts, 1.0) + self.origin
        deviation = self.deviation
        constant = np.ones(len(mean)) if shift else np.maximum(np.abs(mean), 1.0)
        deviation = np.where(deviation == 0.0, constant, deviation)
        width = len(mean) - 1
        return Scaler(
            mean[:-1] if shift and not self.sparse else np.zeros(width),
            deviation[:-1] if scale else np.ones(width),
            float(mean[-1]) if shift_label else 0.0,
            float(deviation[-1]) if scale_label else 1.0,
        )

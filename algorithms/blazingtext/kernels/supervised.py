"""The classifier's inner loops in numba: softmax over the mean of a line's rows (Joulin et al. 2016, arXiv:1607.01759).

Threads call them on different lines and the same matrices, without locks (Recht et al. 2011, "Hogwild!"). They release the GIL.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext.memory import CACHE_LINE, fetch_to_write

#: Sums may be reordered, so that they are vectorised; NaN and infinity stay what they are, for they tell of divergence.
_FAST = {"reassoc", "contract", "nsz", "arcp"}
#: Rows that are fetched ahead of their use, and the floats that come at once. Rows lie scattered over hundreds of megabytes.
_AHEAD, _AT_ONCE = 8, CACHE_LINE // 4


@njit(cache=True, nogil=True, fastmath=_FAST)
def _mean(matrix: Any, rows: Any, begin: int, end: int, mean: Any) -> None:
    """The mean of some rows of a matrix; zero if there are none."""
    dim = matrix.shape[1]
    flat = matrix.reshape(-1)
    mean[:] = 0
    for i in range(begin, end):
        if i + _AHEAD < rows.size:
            ahead = np.int64(rows[i + _AHEAD]) * dim
            for j in range(0, dim, _AT_ONCE):
                fetch_to_write(flat, ahead + j)
        row = matrix[rows[i]]
        for j in range(dim):
            mean[j] += row[j]
    scale = np.float32(1.0 / max(end - begin, 1))
    for j in range(dim):
        mean[j] *= scale


@njit(cache=True, nogil=True, fastmath=_FAST)
def _softmax(output: Any, hidden: Any, shares: Any) -> None:
    """The probability of each label."""
    highest = np.float32(-np.inf)
    for k in range(shares.size):
        score = np.float32(0)
        row = output[k]
        for j in range(hidden.size):
            score += row[j] * hidden[j]
        shares[k] = score
        highest = max(highest, score)
    total = np.float32(0)
    for k in range(shares.size):
        shares[k] = np.exp(shares[k] - highest)
        total += shares[k]
    for k in range(shares.size):
        shares[k] /= total


@njit(cache=True, nogil=True)
def _mix(place: Any) -> Any:
    """64 bits that look random, of which `place` is all that decides (SplitMix64)."""
    z = np.uint64(place) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True, nogil=True)
def draw_rows(matrix: NDArray[np.float32], rows: NDArray[np.int32], seed: int) -> None:
    """Draw those of the rows that are zero, uniformly between ±1/dim; `seed`, not negative, and its place settle a row."""
    dim = matrix.shape[1]
    scale = np.float32(2.0 / dim / (1 << 24))
    for i in rows:
        row = matrix[i]
        if row[0] == 0:
            first = _mix(seed) + np.uint64(i) * np.uint64(dim)
            for j in range(dim):
                row[j] = (np.float32(_mix(first + np.uint64(j)) >> np.uint64(40)) - np.float32((1 << 23) - 0.5)) * scale


@njit(cache=True, nogil=True, fastmath=_FAST)
def train_lines(
    input: NDArray[np.float32],  # (words + buckets, dim)
    output: NDArray[np.float32],  # (labels, dim)
    rows: NDArray[np.int32],
    row_ends: NDArray[np.int64],
    labels: NDArray[np.int32],
    label_ends: NDArray[np.int64],
    first_rate: float,
    last_rate: float,
    seed: int,
) -> tuple[float, int]:
    """One step of stochastic gradient descent for each line that has a label and a row; see `ngrams.Lines` for the arrays.

    The rate falls linearly from the first line to the last. Of several labels, each step learns one, chosen at random; `seed`,
    not negative, settles the choices.

    Returns
    -------
    tuple
        The sum of the losses (natural logarithm), not finite if training diverges, and the number of steps.
    """
    dim = input.shape[1]
    hidden, gradient = np.empty(dim, np.float32), np.empty(dim, np.float32)
    shares = np.empty(output.shape[0], np.float32)
    loss, steps = 0.0, 0
    begin = label_begin = 0
    for line in range(row_ends.size):
        end, label_end = row_ends[line], label_ends[line]
        if end > begin and label_end > label_begin:
            target = labels[label_begin]
            if label_end - label_begin > 1:
                target = labels[label_begin + np.int64(_mix(seed + line) % np.uint64(label_end - label_begin))]
            rate = first_rate + (last_rate - first_rate) * (line / row_ends.size)
            _mean(input, rows, begin, end, hidden)
            _softmax(output, hidden, shares)
            loss -= np.log(np.float64(shares[target]) + 1e-10)
            steps += 1
            gradient[:] = 0
            for k in range(shares.size):
                step = np.float32(rate * ((1.0 if k == target else 0.0) - shares[k]))
                row = output[k]
                for j in range(dim):
                    gradient[j] += step * row[j]
                    row[j] += step * hidden[j]
            scale = np.float32(1.0 / (end - begin))
            for j in range(dim):
                gradient[j] *= scale
            for i in range(begin, end):
                row = input[rows[i]]
                for j in range(dim):
                    row[j] += gradient[j]
        begin, label_begin = end, label_end
    return loss, steps


@njit(cache=True, nogil=True, fastmath=_FAST)
def predict_lines(
    input: NDArray[np.float32],  # (words + buckets, dim)
    output: NDArray[np.float32],  # (labels, dim)
    rows: NDArray[np.int32],
    row_ends: NDArray[np.int64],
    best: NDArray[np.int32],
) -> None:
    """Write the number of the most probable label of each line, the first of equals; `best` has shape (lines,)."""
    hidden, shares = np.empty(input.shape[1], np.float32), np.empty(output.shape[0], np.float32)
    begin = 0
    for line in range(row_ends.size):
        _mean(input, rows, begin, row_ends[line], hidden)
        _softmax(output, hidden, shares)
        best[line] = np.argmax(shares)
        begin = row_ends[line]


@njit(cache=True, nogil=True)
def count_hits(best: NDArray[np.int32], labels: NDArray[np.int32], label_ends: NDArray[np.int64]) -> int:
    """In how many lines the label in `best` is one of the line's."""
    hits = begin = 0
    for line in range(best.size):
        for i in range(begin, label_ends[line]):
            if labels[i] == best[line]:
                hits += 1
                break
        begin = label_ends[line]
    return hits


@njit(cache=True, nogil=True)
def used_rows(matrix: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each row holds anything but zeros; shape: (rows,)."""
    used = np.zeros(matrix.shape[0], np.bool_)
    for i in range(matrix.shape[0]):
        for value in matrix[i]:
            if value != 0:
                used[i] = True
                break
    return used

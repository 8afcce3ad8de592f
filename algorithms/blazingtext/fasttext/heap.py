"""The k best of many scores. Compiled.

fastText's answers come from the heap of its C++ library, and where scores are equal, as those of its tabulated sigmoid often
are, the heap decides which labels are answered and in which order. So this is the same: libstdc++'s, the least score on top.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def offer(scores: NDArray[np.float32], labels: NDArray[np.int32], size: int, score: Any, label: int) -> int:
    """Put a label into a heap of `size` labels, unless it is full of better ones; the new size.

    The arrays hold one more than the heap does when it is full.
    """
    k = scores.size - 1
    if size == k and score < scores[0]:
        return size
    _rise(scores, labels, size, score, label)
    if size < k:
        return size + 1
    _sink(scores, labels, k, scores[k], labels[k])  # the least leaves the top, what is last comes in
    return k


@njit(cache=True, nogil=True)
def sort(scores: NDArray[np.float32], labels: NDArray[np.int32], size: int) -> None:
    """Turn a heap into a list by falling score."""
    for last in range(size - 1, 0, -1):
        score, label = scores[last], labels[last]
        scores[last], labels[last] = scores[0], labels[0]
        _sink(scores, labels, last, score, label)


@njit(cache=True, nogil=True)
def _rise(scores: Any, labels: Any, hole: int, score: Any, label: int) -> None:
    while hole > 0 and scores[(hole - 1) // 2] > score:
        parent = (hole - 1) // 2
        scores[hole], labels[hole] = scores[parent], labels[parent]
        hole = parent
    scores[hole], labels[hole] = score, label


@njit(cache=True, nogil=True)
def _sink(scores: Any, labels: Any, size: int, score: Any, label: int) -> None:
    """Fill the hole at the top of a heap of `size`: the lesser child moves up all the way down, then the label rises."""
    hole = 0
    while 2 * hole + 1 < size:
        child = 2 * hole + 2
        if child == size or scores[child] > scores[child - 1]:
            child -= 1
        scores[hole], labels[hole] = scores[child], labels[child]
        hole = child
    _rise(scores, labels, hole, score, label)

"""From rows to vectors and from vectors to labels, as fastText computes them. Compiled; all functions release the GIL.

Source: Joulin et al. 2016, "Bag of Tricks for Efficient Text Classification"; fastText's `src/loss.cc`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext import heap
from algorithms.blazingtext.fasttext.matrices import Matrix, add_row, dot_row, fetch_row, rows_of

#: What fastText adds to a probability before it takes its logarithm, and so to the probabilities it answers.
EPSILON = 1e-5
#: Two probabilities at least this factor apart have different logarithms in float32, in spite of its rounding.
ROUNDING = 1 - 2e-6
#: Rows that are fetched ahead of their use: they lie scattered over a large file.
AHEAD = 32

_SIGMOID_MAX, _SIGMOID_STEPS = 8, 512
_X = np.arange(_SIGMOID_STEPS + 1, dtype=np.float32) * 2 * _SIGMOID_MAX / _SIGMOID_STEPS - _SIGMOID_MAX
_SIGMOID = (1 / (1 + np.exp(-_X.astype(np.float64)))).astype(np.float32)


@njit(cache=True, nogil=True)
def means(matrix: Matrix, dim: int, rows: NDArray[np.int32], ends: NDArray[np.int64]) -> Any:
    """The mean of each group of rows, shape: (groups, dim), float32; zeros for a group without rows."""
    out = np.zeros((ends.size, dim), np.float32)
    total = np.empty(dim, np.float32)  # of which the compiler knows that it is no part of the matrix
    begin = 0
    for group in range(ends.size):
        total.fill(0)
        for i in range(begin, ends[group]):
            if i + AHEAD < rows.size:
                fetch_row(matrix, rows[i + AHEAD])
            add_row(matrix, np.uint64(rows[i]), total)
        if ends[group] > begin:
            scale = np.float32(1.0 / (ends[group] - begin))
            for i in range(dim):
                out[group, i] = total[i] * scale
        begin = ends[group]
    return out


@njit(cache=True, nogil=True)
def softmax(matrix: Matrix, hidden: NDArray[np.float32]) -> Any:
    """Probabilities of the labels, shape: (rows of `hidden`, labels), float32."""
    out = _products(matrix, hidden)
    for row in out:
        largest = row.max()
        total = np.float32(0)
        for label in range(row.size):
            row[label] = np.exp(row[label] - largest)
            total += row[label]
        row /= total
    return out


@njit(cache=True, nogil=True)
def logistic(matrix: Matrix, hidden: NDArray[np.float32]) -> Any:
    """Probability of each label on its own, looked up in fastText's table; shape: (rows of `hidden`, labels), float32."""
    out = _products(matrix, hidden)
    for row in out:
        for label in range(row.size):
            x = row[label]
            if x < -_SIGMOID_MAX:
                row[label] = 0
            elif x > _SIGMOID_MAX:
                row[label] = 1
            else:
                row[label] = _SIGMOID[int((x + np.float32(_SIGMOID_MAX)) * _SIGMOID_STEPS / _SIGMOID_MAX / 2)]
    return out


@njit(cache=True, nogil=True)
def _products(matrix: Matrix, hidden: NDArray[np.float32]) -> Any:
    out = np.empty((len(hidden), rows_of(matrix)), np.float32)
    for i in range(len(hidden)):
        vector = hidden[i]
        for label in range(rows_of(matrix)):
            out[i, label] = dot_row(matrix, np.uint64(label), vector)
    return out


class Tree(NamedTuple):
    """The Huffman tree of hierarchical softmax: nodes 0 to labels - 1 are the labels, the last is the root.

    Attributes
    ----------
    left, right
        shape: (2 x labels - 1,), int32: a node's children, -1 for a label.
    """

    left: NDArray[np.int32]
    right: NDArray[np.int32]


@njit(cache=True)
def huffman(counts: NDArray[np.int64]) -> Tree:
    """The tree that fastText builds of labels in the order of falling counts, shape: (labels,)."""
    labels = counts.size
    weights = np.full(2 * labels - 1, 10**15, np.int64)
    weights[:labels] = counts
    left, right = np.full(2 * labels - 1, -1, np.int32), np.full(2 * labels - 1, -1, np.int32)
    leaf, node = labels - 1, labels
    for parent in range(labels, 2 * labels - 1):
        for side in (left, right):
            if leaf >= 0 and weights[leaf] < weights[node]:
                side[parent] = leaf
                leaf -= 1
            else:
                side[parent] = node
                node += 1
        weights[parent] = weights[left[parent]] + weights[right[parent]]
    return Tree(left, right)


@njit(cache=True, nogil=True)
def best(probabilities: NDArray[np.float32], k: int) -> Any:
    """The `k` most probable labels of each row, shape of `probabilities`: (rows, labels).

    Returns
    -------
    tuple
        Labels, int32, and logarithms of their probabilities, float32, by falling probability; shapes: (rows, k).
    """
    rows = len(probabilities)
    labels, scores = np.empty((rows, k + 1), np.int32), np.empty((rows, k + 1), np.float32)
    for i in range(rows):
        row, heap_labels, heap_scores = probabilities[i], labels[i], scores[i]  # each view counts references: not once a label
        size, hopeless = 0, 0.0
        for label in range(row.size):
            if row[label] < hopeless:
                continue
            size = heap.offer(heap_scores, heap_labels, size, _log(row[label]), label)
            if size == k:
                hopeless = np.exp(np.float64(heap_scores[0])) * ROUNDING - EPSILON
        heap.sort(heap_scores, heap_labels, size)
    return labels[:, :k], scores[:, :k]


@njit(cache=True, nogil=True)
def descend(matrix: Matrix, tree: Tree, hidden: NDArray[np.float32], k: int) -> Any:
    """The same of hierarchical softmax. Branches that cannot hold one of these labels are not entered, nor those less probable
    than `EPSILON`: where fewer are left, the other labels are -1.
    """
    leaves = (tree.left.size + 1) // 2
    labels, scores = np.full((len(hidden), k + 1), -1, np.int32), np.zeros((len(hidden), k + 1), np.float32)
    nodes, logs = np.empty(tree.left.size, np.int32), np.empty(tree.left.size, np.float32)
    for i in range(len(hidden)):
        nodes[0], logs[0], depth, size = tree.left.size - 1, 0, 1, 0
        while depth:
            depth -= 1
            node, score = nodes[depth], logs[depth]
            if score < _log(0) or (size == k and score < scores[i, 0]):
                continue
            if tree.left[node] < 0:
                size = heap.offer(scores[i], labels[i], size, score, node)
                continue
            p = np.float32(1 / (1 + np.exp(-dot_row(matrix, np.uint64(node - leaves), hidden[i]))))
            nodes[depth], logs[depth] = tree.right[node], score + _log(p)
            nodes[depth + 1], logs[depth + 1] = tree.left[node], score + _log(1 - p)
            depth += 2
        heap.sort(scores[i], labels[i], size)
    return labels[:, :k], scores[:, :k]


@njit(inline="always")
def _log(probability: Any) -> Any:
    return np.float32(np.log(np.float64(np.float32(probability)) + EPSILON))

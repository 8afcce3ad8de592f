"""What the three kernels for word vectors share: the model, and one step of gradient descent on a few vectors.

numba compiles these for the machine's vector units: innermost loops run along a row, over several rows at once, so that each is
loaded once. Rows are addressed by their number and never taken as arrays, whose reference counts would cost more than the sums.
Threads write to the same matrices without locks (Recht et al. 2011).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.sampling import Sampling

Matrix = NDArray[np.float32]

#: Beyond this the logistic function is taken as 0 or 1.
BOUND = 8
_CELLS = 64  # per unit
_CENTRES = (np.arange(2 * BOUND * _CELLS) + 0.5) / _CELLS - BOUND
_SIGMOID = (1 / (1 + np.exp(-_CENTRES))).astype(np.float32)
_LOSS = np.log1p(np.exp(_CENTRES)).astype(np.float32)


class Model(NamedTuple):
    """What a kernel trains, and how.

    Attributes
    ----------
    input
        shape: (words + buckets, stride), float32; what becomes the words' vectors.
    output
        shape: (words, stride), float32.
    starts, members
        The rows of `input` that make up word i are ``members[starts[i]:starts[i + 1]]``: its own, and those of its subwords.
    sampling
        Which words are skipped and which are negative samples.
    window
        Words to either side of a word, at most.
    negatives
        Negative samples a positive one.
    batch
        Context words that share their negative samples; for batch_skipgram.
    """

    input: Matrix
    output: Matrix
    starts: NDArray[np.int64]
    members: NDArray[np.int32]
    sampling: Sampling
    window: int
    negatives: int
    batch: int


@njit(cache=True, nogil=True)
def memory(model: Model, batch: int) -> tuple[NDArray[np.int32], Matrix, Matrix, Matrix, Matrix]:
    """What `descend` works on, for mini-batches of at most `batch` inputs: targets, hidden, gradient, error, transposed."""
    targets, stride = 1 + model.negatives, model.output.shape[1]
    return (
        np.empty(targets, np.int32),
        np.empty((batch, stride), np.float32),
        np.empty((batch, stride), np.float32),
        np.empty((batch, targets), np.float32),
        np.empty((targets, batch), np.float32),
    )


@njit(cache=True, nogil=True, fastmath=True)
def descend(
    output: Matrix,
    targets: NDArray[np.int32],
    hidden: Matrix,
    inputs: int,
    rate: Any,
    gradient: Matrix,
    error: Matrix,
    transposed: Matrix,
) -> Any:
    """One step for inputs that share their targets: three products of small matrices (Ji et al. 2016, section III-B).

    Parameters
    ----------
    output
        Changed in the rows `targets`, the first of which is the positive sample.
    hidden
        The inputs' vectors in the first `inputs` rows.
    gradient
        Becomes what is to be added to the inputs' vectors.
    error, transposed
        Become the rate times the difference of label and prediction; shape: (inputs, targets) and (targets, inputs).

    Returns
    -------
    float
        The sum of the inputs' losses, which are negative log likelihoods.
    """
    loss = np.float32(0)
    stride, last = hidden.shape[1], targets.size - 1
    for i in range(inputs):
        for j in range(0, targets.size, 3):
            p, q, r = targets[j], targets[min(j + 1, last)], targets[min(j + 2, last)]
            a = b = c = np.float32(0)
            for d in range(stride):
                x = hidden[i, d]
                a += x * output[p, d]
                b += x * output[q, d]
                c += x * output[r, d]
            error[i, j] = a
            if j + 1 <= last:
                error[i, j + 1] = b
            if j + 2 <= last:
                error[i, j + 2] = c
        for j in range(targets.size):
            score = error[i, j]
            cell = _cell(score)
            loss += _LOSS[cell]
            e = -_SIGMOID[cell] * rate
            if j == 0:
                loss -= score
                e += rate
            error[i, j] = transposed[j, i] = e
    for i in range(inputs):
        for d in range(stride):
            gradient[i, d] = 0
        j = 0
        while j + 3 <= targets.size:
            a, b, c = error[i, j], error[i, j + 1], error[i, j + 2]
            p, q, r = targets[j], targets[j + 1], targets[j + 2]
            for d in range(stride):
                gradient[i, d] += a * output[p, d] + b * output[q, d] + c * output[r, d]
            j += 3
        while j < targets.size:
            a, p = error[i, j], targets[j]
            for d in range(stride):
                gradient[i, d] += a * output[p, d]
            j += 1
    for j in range(targets.size):
        p, i = targets[j], 0
        while i + 3 <= inputs:
            a, b, c = transposed[j, i], transposed[j, i + 1], transposed[j, i + 2]
            for d in range(stride):
                output[p, d] += a * hidden[i, d] + b * hidden[i + 1, d] + c * hidden[i + 2, d]
            i += 3
        while i < inputs:
            a = transposed[j, i]
            for d in range(stride):
                output[p, d] += a * hidden[i, d]
            i += 1
    return loss


@njit(cache=True, nogil=True, fastmath=True)
def _cell(score: Any) -> Any:
    """Where a score is in the tables."""
    return min(max(np.int64((score + np.float32(BOUND)) * np.float32(_CELLS)), 0), _SIGMOID.size - 1)


@njit(cache=True, nogil=True, fastmath=True)
def gather(model: Model, word: int, into: Matrix) -> int:
    """Add the rows that make up a word to ``into[0]``; how many there are."""
    for m in range(model.starts[word], model.starts[word + 1]):
        row = model.members[m]
        for d in range(into.shape[1]):
            into[0, d] += model.input[row, d]
    return model.starts[word + 1] - model.starts[word]


@njit(cache=True, nogil=True, fastmath=True)
def scatter(model: Model, word: int, gradient: Matrix) -> None:
    """Add ``gradient[0]`` to each row that makes up a word."""
    for m in range(model.starts[word], model.starts[word + 1]):
        row = model.members[m]
        for d in range(gradient.shape[1]):
            model.input[row, d] += gradient[0, d]

"""Skip-gram whose context words share their negative samples in mini-batches, so that a step is a product of small matrices
(Ji et al. 2016; Gupta and Khare 2017). Whole words only.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.kernels.minibatch import Model, descend, memory
from algorithms.blazingtext.sampling import advance, below, draw, seeded, subsample


@njit(cache=True, nogil=True, fastmath=True)
def train(
    model: Model, ids: NDArray[np.int32], ends: NDArray[np.int64], rates: tuple[float, float], seed: int, number: int
) -> tuple[float, int]:
    """Train on the sentences of a block, changing the model's matrices.

    Parameters
    ----------
    ids, ends
        Words, and where each sentence ends.
    rates
        The learning rate at the first word and behind the last.
    seed, number
        Of the job and of the block: what is drawn depends on nothing else.

    Returns
    -------
    tuple
        The sum of the losses, and the number of samples they are of.
    """
    state, stride = seeded(seed, number), model.input.shape[1]
    targets, hidden, gradient, error, transposed = memory(model, model.batch)
    inputs = np.empty(model.batch, np.int32)
    kept = np.empty(ids.size, np.int32)
    loss, samples, start = 0.0, 0, 0
    for stop in ends:
        rate = np.float32(rates[0] + (rates[1] - rates[0]) * start / ids.size)
        n, state = subsample(model.sampling, ids, start, stop, kept, state)
        start = stop
        for i in range(n):
            state = advance(state)
            reach = 1 + below(state, model.window)
            begin, end = max(0, i - reach), min(n, i + reach + 1)
            c = begin
            while c < end:
                m = 0
                while c < end and m < model.batch:
                    if c != i:
                        row = inputs[m] = kept[c]
                        for d in range(stride):
                            hidden[m, d] = model.input[row, d]
                        m += 1
                    c += 1
                if m == 0:
                    break
                state = draw(model.sampling, kept[i], targets, state)
                loss += descend(model.output, targets, hidden, m, rate, gradient, error, transposed)
                samples += m
                for k in range(m):
                    row = inputs[k]
                    for d in range(stride):
                        model.input[row, d] += gradient[k, d]
    return loss, samples

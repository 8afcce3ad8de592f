"""Continuous bag of words with negative sampling (Mikolov et al. 2013): the mean of the words near another, and of their
subwords where there are any, learns to predict it."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.kernels.minibatch import Model, descend, gather, memory, scatter
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
    targets, hidden, gradient, error, transposed = memory(model, 1)
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
            for d in range(stride):
                hidden[0, d] = 0
            rows = 0
            for c in range(begin, end):
                if c != i:
                    rows += gather(model, kept[c], hidden)
            if rows == 0:
                continue
            share = np.float32(1 / rows)
            for d in range(stride):
                hidden[0, d] *= share
            state = draw(model.sampling, kept[i], targets, state)
            loss += descend(model.output, targets, hidden, 1, rate, gradient, error, transposed)
            samples += 1
            for c in range(begin, end):
                if c != i:
                    scatter(model, kept[c], gradient)
    return loss, samples

"""The most probable labels: those, and in the order, that a heap of all logarithms would give."""

import numpy as np
import pytest

from algorithms.blazingtext.fasttext import heap
from algorithms.blazingtext.fasttext.network import EPSILON, best


def by_offering_all(row, k: int) -> list[int]:
    scores, labels, size = np.empty(k + 1, np.float32), np.empty(k + 1, np.int32), 0
    for label, probability in enumerate(row):
        size = heap.offer(scores, labels, size, np.float32(np.log(np.float64(probability) + EPSILON)), label)
    heap.sort(scores, labels, size)
    return labels[:k].tolist()


@pytest.mark.parametrize("k", [1, 2, 5, 40])
@pytest.mark.parametrize("around", [0.0, 1e-6, 1e-3, 0.3, 1.0])
def test_probabilities_that_are_nearly_equal_are_ordered_by_their_logarithms(around, k):
    steps = np.random.default_rng(k).integers(-6, 7, size=(200, 40))  # of the least that float32 can tell apart
    probabilities = np.abs(np.float32(around) + steps * np.spacing(np.float32(around))).astype(np.float32)
    labels, _ = best(probabilities, k)
    assert labels.tolist() == [by_offering_all(row, k) for row in probabilities]


def test_a_probability_that_is_no_number_hides_no_other():
    labels, _ = best(np.array([[0.1, np.nan, 0.2, 0.7]], np.float32), 4)
    assert sorted(labels[0].tolist()) == [0, 1, 2, 3]

"""The kernels for word vectors against the same steps in numpy."""

import numpy as np
import pytest

from algorithms.blazingtext import rows
from algorithms.blazingtext.kernels import batch_skipgram, cbow, skipgram
from algorithms.blazingtext.kernels.minibatch import Model, descend, gather, memory, scatter
from algorithms.blazingtext.sampling import Sampling

WORDS, BUCKETS, DIM = 12, 5, 20


def model(window=2, negatives=4, batch=3, subwords=False):
    """Random weights, nothing skipped; with subwords, word i has one in bucket i % 5 and another in bucket (i + 1) % 5."""
    generator = np.random.default_rng(7)
    input, output = rows.zeros(WORDS + BUCKETS, DIM), rows.zeros(WORDS, DIM)
    input[:, :DIM], output[:, :DIM] = generator.normal(size=(WORDS + BUCKETS, DIM)), generator.normal(size=(WORDS, DIM))
    starts, members = np.arange(WORDS + 1), np.arange(WORDS, dtype=np.int32)
    if subwords:
        starts = starts * 3
        members = np.array([[i, WORDS + i % BUCKETS, WORDS + (i + 1) % BUCKETS] for i in range(WORDS)], np.int32).reshape(-1)
    counts = np.full(WORDS, 10)
    return Model(input, output, starts, members, Sampling.of(counts, 120, 1.0), window, negatives, batch)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("inputs", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("negatives", [1, 2, 3, 4, 5, 9])
def test_a_step_is_gradient_descent(inputs, negatives):
    m, generator = model(negatives=negatives, batch=inputs), np.random.default_rng(8)
    targets, hidden, gradient, error, transposed = memory(m, inputs)
    targets[:] = generator.permutation(WORDS)[: 1 + negatives]
    hidden[:] = 0
    hidden[:, :DIM] = generator.normal(size=(inputs, DIM)) / 4
    before = m.output.copy()
    label = np.eye(1, 1 + negatives)
    scores = hidden @ before[targets].T
    loss = descend(m.output, targets, hidden, inputs, np.float32(0.5), gradient, error, transposed)
    wrong = 0.5 * (label - sigmoid(scores))
    np.testing.assert_allclose(gradient, wrong @ before[targets], atol=0.02)
    expected = before.copy()
    expected[targets] += wrong.T @ hidden
    np.testing.assert_allclose(m.output, expected, atol=0.02)
    assert loss == pytest.approx(-np.log(sigmoid(np.where(label, scores, -scores))).sum(), rel=0.01, abs=0.02)


def test_scores_beyond_the_table_are_certain():
    m = model(negatives=1, batch=1)
    targets, hidden, gradient, error, transposed = memory(m, 1)
    targets[:], hidden[:] = [0, 1], 0
    hidden[0, 0], m.output[0, 0], m.output[1, 0] = 1, 1e6, -1e6
    m.output[:2, 1:] = 0
    before = m.output.copy()
    loss = descend(m.output, targets, hidden, 1, np.float32(0.05), gradient, error, transposed)
    np.testing.assert_allclose(m.output, before, atol=1e-4)
    assert np.isfinite(loss)


def test_words_are_made_of_their_rows():
    m = model(subwords=True)
    sums, before = np.zeros((1, m.input.shape[1]), np.float32), m.input.copy()
    made_of = [3, WORDS + 3, WORDS + 4]
    assert gather(m, 3, sums) == 3
    np.testing.assert_allclose(sums[0], before[made_of].sum(axis=0), rtol=1e-5, atol=1e-6)
    scatter(m, 3, np.ones_like(sums))
    before[made_of] += 1
    np.testing.assert_array_equal(m.input, before)


def expected_pairs(n, window):
    """Context words of every position, if all windows were full."""
    return sum(min(n, i + window + 1) - max(0, i - window) - 1 for i in range(n))


@pytest.mark.parametrize(
    ("kernel", "subwords"), [(skipgram, False), (skipgram, True), (cbow, False), (cbow, True), (batch_skipgram, False)]
)
def test_nothing_but_the_words_of_the_text_is_changed(kernel, subwords):
    m = model(subwords=subwords)
    before, ids = m.input.copy(), np.array([1, 2, 1, 2, 3], np.int32)
    loss, samples = kernel.train(m, ids, np.array([4, 5]), (0.1, 0.0), 0, 0)
    changed = np.flatnonzero((m.input != before).any(axis=1)).tolist()
    assert changed == ([1, 2, 13, 14, 15] if subwords else [1, 2])  # 3 stands alone in its sentence
    assert samples > 0
    assert loss > 0
    assert not m.input[:, DIM:].any()
    assert not m.output[:, DIM:].any()


@pytest.mark.parametrize("batch", [1, 2, 3, 20])
def test_mini_batches_take_every_context_word(batch):
    """With a window of 1 nothing is drawn about it: as many samples as skip-gram has."""
    ids, ends = np.tile(np.arange(WORDS, dtype=np.int32), 4), np.array([4 * WORDS])
    _, samples = batch_skipgram.train(model(window=1, batch=batch), ids, ends, (0.1, 0.0), 0, 0)
    assert samples == skipgram.train(model(window=1), ids, ends, (0.1, 0.0), 0, 0)[1] == expected_pairs(ids.size, 1)


@pytest.mark.parametrize("kernel", [skipgram, cbow, batch_skipgram])
def test_the_seed_and_the_number_decide(kernel):
    ids, ends = np.tile(np.arange(WORDS, dtype=np.int32), 4), np.array([4 * WORDS])

    def trained(seed, number):
        m = model()
        kernel.train(m, ids, ends, (0.1, 0.0), seed, number)
        return m.input

    np.testing.assert_array_equal(trained(1, 2), trained(1, 2))
    assert (trained(1, 2) != trained(1, 3)).any()
    assert (trained(1, 2) != trained(2, 2)).any()


@pytest.mark.parametrize("kernel", [skipgram, cbow, batch_skipgram])
def test_the_rate_falls_from_the_first_to_the_second(kernel):
    """Which is zero for the first of two sentences."""
    m, ids = model(), np.array([0, 1, 2, 3], np.int32)
    before = m.input.copy()
    kernel.train(m, ids, np.array([2, 4]), (0.0, 0.1), 0, 0)
    changed = np.flatnonzero((m.input != before).any(axis=1)).tolist()
    assert changed == [2, 3]

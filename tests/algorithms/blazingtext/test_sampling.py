"""What is drawn, and how often."""

import numpy as np
import pytest
from numba import njit

from algorithms.blazingtext.sampling import POWER, Sampling, advance, below, draw, high, seeded, subsample

COUNTS = np.array([100_000, 20_000, 3_000, 500, 500, 60, 7, 1])


@njit
def states(seed, number):
    found, state = np.empty(100_000, np.uint64), seeded(seed, number)
    for i in range(found.size):
        state = advance(state)
        found[i] = high(state)
    return found


def test_random_numbers_are_even_and_differ_by_seed_and_number():
    one = states(1, 0)
    assert one.max() < 1 << 32
    shares = np.histogram(one, 16, (0, 1 << 32))[0] / one.size
    assert shares == pytest.approx(1 / 16, rel=0.05)
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.02
    assert abs(np.corrcoef(one, states(1, 1))[0, 1]) < 0.02
    assert abs(np.corrcoef(one, states(2, 0))[0, 1]) < 0.02
    assert (one == states(1, 0)).all()


@njit
def drawn(sampling, word, rounds, negatives):
    targets, counts, state = np.empty(1 + negatives, np.int32), np.zeros(sampling.own.size), seeded(0, 0)
    for _ in range(rounds):
        state = draw(sampling, word, targets, state)
        for i in range(1 + negatives):
            counts[targets[i]] += i > 0 or targets[i] != word
    return counts / (rounds * negatives)


@pytest.mark.parametrize("word", range(len(COUNTS)))
def test_negative_samples_follow_the_power_of_the_counts(word):
    share = COUNTS**POWER
    share[word] = 0
    found = drawn(Sampling.of(COUNTS, COUNTS.sum(), 1e-4), word, 100_000, 5)
    assert found == pytest.approx(share / share.sum(), rel=0.05, abs=3e-4)


def test_the_alias_table_is_exact():
    """What is drawn how likely, added up from the table."""
    counts = np.random.default_rng(0).zipf(1.2, 1_000).clip(1, 10**6)
    _, own, other = Sampling.of(counts, counts.sum(), 1e-4)
    stays = own / (1 << 32)
    likelihood = stays + np.bincount(other, 1 - stays, len(counts))
    assert likelihood / len(counts) == pytest.approx(counts**POWER / (counts**POWER).sum(), rel=1e-5, abs=1e-9)


def test_frequent_words_are_kept_less_often():
    tokens, threshold = int(COUNTS.sum()), 1e-3
    sampling = Sampling.of(COUNTS, tokens, threshold)
    share = threshold * tokens / COUNTS
    expected = np.minimum(np.sqrt(share) + share, 1)
    for word, keep in enumerate(expected):
        ids, kept = np.full(20_000, word, np.int32), np.empty(20_000, np.int32)
        n, _ = njit(lambda s, i, k: subsample(s, i, 0, i.size, k, seeded(3, 4)))(sampling, ids, kept)
        assert n / ids.size == pytest.approx(keep, abs=0.015)
        assert (kept[:n] == word).all()


def test_below_reaches_every_number():
    @njit
    def numbers(n):
        state, found = seeded(5, 0), np.zeros(n, np.int64)
        for _ in range(1000 * n):
            state = advance(state)
            found[below(state, n)] += 1
        return found

    assert numbers(7) == pytest.approx(1000, rel=0.15)

"""Random numbers for the kernels: which words are skipped, which are the negative samples.

Each thread has a state of its own, a 64-bit integer, so that nothing is shared and one seed gives one result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Negative samples are drawn by counts to this power (Mikolov et al. 2013, section 2.2).
POWER = 0.75
_SCALE = 1 << 32


class Sampling(NamedTuple):
    """What is drawn for a vocabulary, as tables. One random number of 32 bits is compared with an entry of `keep` or `own`.

    Attributes
    ----------
    keep
        How likely an occurrence of each word is kept, as a share of 2^32; shape: (words,), uint32.
    own, other
        An alias table (Walker 1977; Vose 1991) of the negative samples: a word drawn evenly stays as it is with the likelihood
        `own`, as a share of 2^32, and else becomes `other`; shape: (words,), uint32 and int32. Eight bytes a word stay in the
        cache, where the usual table of 10 million numbers does not.
    """

    keep: NDArray[np.uint32]
    own: NDArray[np.uint32]
    other: NDArray[np.int32]

    @classmethod
    def of(cls, counts: NDArray[np.int64], tokens: int, threshold: float) -> Sampling:
        """Tables for words with these counts among `tokens` words.

        Parameters
        ----------
        threshold
            Words with a larger share are kept with likelihood sqrt(threshold / share) + threshold / share, as by word2vec.
        """
        ratio = threshold * tokens / counts
        keep = np.minimum(np.sqrt(ratio) + ratio, 1)
        share = counts.astype(np.float64) ** POWER
        return cls(_fraction(keep), *_alias(share * (len(share) / share.sum())))


def _fraction(share: NDArray[np.float64]) -> NDArray[np.uint32]:
    return np.minimum(share * _SCALE, _SCALE - 1).astype(np.uint32)


def _alias(share: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """An alias table for shares of mean 1."""
    own, other = np.ones_like(share), np.arange(len(share), dtype=np.int32)
    small, large = list(np.flatnonzero(share < 1)), list(np.flatnonzero(share >= 1))
    rest = share.copy()
    while small and large:
        few, many = small.pop(), large[-1]
        own[few], other[few] = rest[few], many
        rest[many] -= 1 - rest[few]
        if rest[many] < 1:
            small.append(large.pop())
    return _fraction(own), other


@njit(cache=True, nogil=True)
def seeded(seed: int, number: int) -> Any:
    """A state for the `number`-th piece of work, unlike those of its neighbours (SplitMix64, Steele et al. 2014)."""
    z = np.uint64(seed) * np.uint64(0xD1342543DE82EF95) + np.uint64(number + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) | np.uint64(1)


@njit(cache=True, nogil=True)
def advance(state: Any) -> Any:
    """The next state (xorshift64, Marsaglia 2003)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))


@njit(cache=True, nogil=True)
def high(state: Any) -> Any:
    """32 random bits of a state, uint64."""
    return (state * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32)


@njit(cache=True, nogil=True)
def below(state: Any, n: int) -> Any:
    """A number from 0 to n - 1, n below 2^31."""
    return np.int64((high(state) * np.uint64(n)) >> np.uint64(32))


@njit(cache=True, nogil=True)
def _negative(sampling: Sampling, state: Any) -> Any:
    """A word drawn by its power of the counts."""
    word = below(state, sampling.own.size)
    # The low bits, mixed anew: the high ones have chosen the word.
    return word if np.uint32(state >> np.uint64(16)) <= sampling.own[word] else np.int64(sampling.other[word])


@njit(cache=True, nogil=True)
def draw(sampling: Sampling, word: int, targets: NDArray[np.int32], state: Any) -> Any:
    """Fill `targets` with a word and negative samples, none of them that word; the state after it.

    There must be two words that are drawn at least.
    """
    targets[0] = word
    n = 1
    while n < targets.size:
        state = advance(state)
        other = _negative(sampling, state)
        if other != word:
            targets[n] = other
            n += 1
    return state


@njit(cache=True, nogil=True)
def subsample(
    sampling: Sampling, ids: NDArray[np.int32], start: int, stop: int, kept: NDArray[np.int32], state: Any
) -> tuple[int, Any]:
    """Leave out occurrences of frequent words; how many of `kept` are filled, and the state after it."""
    n = 0
    for i in range(start, stop):
        state = advance(state)
        if high(state) <= sampling.keep[ids[i]]:
            kept[n] = ids[i]
            n += 1
    return n, state

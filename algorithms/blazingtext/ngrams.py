"""Lines of words to rows of the input matrix: the words' own, and those of the buckets their n-grams hash to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.vocabulary import Examples


class Lines(NamedTuple):
    """Examples for a classifier, in the order of the text; blank lines are left out. All ends are int64, one a line.

    Attributes
    ----------
    rows
        Rows of the input matrix, int32: a word's number, or the number of words plus a bucket.
    row_ends
        Where in `rows` each line ends.
    labels
        Numbers of the labels, int32.
    label_ends
        Where in `labels` each line ends.
    tokens
        Words, labels and ends of lines, those included that are not in the vocabulary.
    """

    rows: NDArray[np.int32]
    row_ends: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_ends: NDArray[np.int64]
    tokens: int

    @property
    def nbytes(self) -> int:
        return self.rows.nbytes + self.row_ends.nbytes + self.labels.nbytes + self.label_ends.nbytes


def lines_of(examples: Examples, words: int, word_ngrams: int, buckets: int) -> Lines:
    """The rows of each line: those of its known words, then one for each of its n-grams of 2 to `word_ngrams` words.

    An n-gram's bucket is fastText's: a polynomial in the hashes of its words, known or not, modulo the number of buckets.

    Parameters
    ----------
    words
        Number of words in the vocabulary: the row of bucket 0.
    buckets
        Not used where `word_ngrams` is 1.
    """
    longest = min(word_ngrams, len(examples.ids))
    pairs = sum(len(examples.ids) - n for n in range(1, longest))  # the most there can be: were all one line
    rows = np.empty(len(examples.ids) + pairs, np.int32)
    row_ends, label_ends = np.empty_like(examples.ends), np.empty_like(examples.ends)
    n, lines = _fill(*examples, words, word_ngrams, max(buckets, 1), rows, row_ends, label_ends)
    tokens = len(examples.ids) + len(examples.labels)
    return Lines(rows[:n].copy(), row_ends[:lines].copy(), examples.labels.copy(), label_ends[:lines].copy(), tokens)


@njit(cache=True, nogil=True)
def _fill(ids, hashes, ends, labels, label_ends, words, word_ngrams, buckets, rows, row_ends, kept_label_ends):  # type: ignore[no-untyped-def]
    n = lines = begin = label_begin = 0
    for line in range(ends.size):
        end, label_end = ends[line], label_ends[line]
        if end - begin > 1 or label_end > label_begin:  # more than its end
            for i in range(begin, end):
                if ids[i] >= 0:
                    rows[n] = ids[i]
                    n += 1
            for i in range(begin, end):
                # Hashes count as signed, and the arithmetic wraps around at 64 bits.
                h = np.uint64(np.int64(np.int32(hashes[i])))
                for j in range(i + 1, min(end, i + word_ngrams)):
                    h = h * np.uint64(116049371) + np.uint64(np.int64(np.int32(hashes[j])))
                    rows[n] = words + np.int64(h % np.uint64(buckets))
                    n += 1
            row_ends[lines], kept_label_ends[lines] = n, label_end
            lines += 1
        begin, label_begin = end, label_end
    return n, lines

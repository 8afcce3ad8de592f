"""Word n-grams: fastText's hashing and the order of a line's rows."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.blazingtext.ngrams import Lines, lines_of
from algorithms.blazingtext.vocabulary import Examples

WORDS, BUCKETS = 10, 1000
MASK = (1 << 64) - 1


def examples(*lines: tuple[list[int], list[int]]) -> Examples:
    """Lines of word and label numbers, with hashes of both signs that follow from the position."""
    ids = [i for words, _ in lines for i in words]
    labels = [i for _, names in lines for i in names]
    hashes = (np.arange(len(ids), dtype=np.uint64) * 2654435761 + 12345).astype(np.uint32)
    ends = np.cumsum([len(words) for words, _ in lines])
    label_ends = np.cumsum([len(names) for _, names in lines])
    return Examples(np.array(ids, np.int32), hashes, ends, np.array(labels, np.int32), label_ends)


def bucket(hashes: list[int]) -> int:
    """What fastText's `addWordNgrams` computes, in Python's integers."""
    signed = [h - (1 << 32) if h >> 31 else h for h in hashes]
    total = signed[0] & MASK
    for h in signed[1:]:
        total = (total * 116049371 + h) & MASK
    return WORDS + total % BUCKETS


def rows(lines: Lines) -> list[list[int]]:
    return [part.tolist() for part in np.split(lines.rows, lines.row_ends[:-1])]


@pytest.mark.parametrize("word_ngrams", [1, 2, 3, 9])
def test_a_line_has_its_words_then_the_ngrams_that_begin_at_each(word_ngrams: int) -> None:
    text = examples(([3, 1, 4, 0], [0]))
    h = text.hashes.tolist()
    assert any(value >> 31 for value in h), "no hash is negative: the test would not see a missing sign"
    ngrams = [bucket(h[i : i + n]) for i in range(4) for n in range(2, word_ngrams + 1) if i + n <= 4]
    assert rows(lines_of(text, WORDS, word_ngrams, BUCKETS)) == [[3, 1, 4, 0, *ngrams]]


def test_unknown_words_have_no_row_but_are_part_of_ngrams() -> None:
    text = examples(([3, -1, 0], [0]))
    h = text.hashes.tolist()
    assert rows(lines_of(text, WORDS, 2, BUCKETS)) == [[3, 0, bucket(h[:2]), bucket(h[1:])]]


def test_ngrams_do_not_reach_over_the_end_of_a_line() -> None:
    text = examples(([1, 0], [0]), ([2, 0], [1]))
    h = text.hashes.tolist()
    lines = lines_of(text, WORDS, 3, BUCKETS)
    assert rows(lines) == [[1, 0, bucket(h[:2])], [2, 0, bucket(h[2:])]]


def test_blank_lines_are_left_out_and_counted() -> None:
    lines = lines_of(examples(([0], []), ([1, 0], [2, 3]), ([0], []), ([2, 0], []), ([0], [1])), WORDS, 1, 0)
    assert rows(lines) == [[1, 0], [2, 0], [0]]
    assert lines.labels.tolist() == [2, 3, 1]
    assert lines.label_ends.tolist() == [2, 2, 3]
    assert lines.tokens == 10


def test_no_lines() -> None:
    lines = lines_of(examples(), WORDS, 2, BUCKETS)
    assert (lines.rows.size, lines.row_ends.size, lines.tokens) == (0, 0, 0)

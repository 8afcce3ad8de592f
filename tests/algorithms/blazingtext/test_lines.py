"""A channel's lines: the same however often, by however many threads and from wherever they come."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from algorithms.blazingtext.corpus import BLOCK, Corpus
from algorithms.blazingtext.lines import LineSource, spread
from algorithms.blazingtext.ngrams import Lines
from algorithms.blazingtext.vocabulary import Vocabulary
from containers.channels import Part
from containers.errors import UserError

TEXT = b"".join(b"__label__%d word%d of many __label__x\n" % (i % 3, i % 50) for i in range(4 * BLOCK // 30))
ENOUGH = 1 << 30


class Readings:
    """A text that remembers which readings were asked for."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.seen: list[int] = []

    def __call__(self, reading: int) -> Iterator[Part]:
        self.seen.append(reading)
        yield Part("train/a.txt", io.BytesIO(self.text))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.build(Corpus(Readings(TEXT), whole_lines=True), 1, supervised=True)


def source(vocabulary: Vocabulary, read: Readings, budget: int, reading: int = 1) -> LineSource:
    return LineSource(Corpus(read, whole_lines=True), vocabulary, 2, 1000, reading=reading, budget=budget)


def rows(source: LineSource, threads: int = 1) -> np.ndarray:
    return np.concatenate(list(source.each(lambda lines: lines.rows, threads)))


@pytest.mark.parametrize("budget", [0, ENOUGH])
@pytest.mark.parametrize("threads", [1, 3])
def test_each_time_brings_the_same_lines_in_order(vocabulary: Vocabulary, budget: int, threads: int) -> None:
    expected = rows(source(vocabulary, Readings(TEXT), 0))
    lines = source(vocabulary, Readings(TEXT), budget)
    for _ in range(3):
        np.testing.assert_array_equal(rows(lines, threads), expected)


@pytest.mark.parametrize(("budget", "readings"), [(0, [1, 2, 3]), (10_000, [1, 2, 3]), (ENOUGH, [1])])
def test_what_fits_is_read_once(vocabulary: Vocabulary, budget: int, readings: list[int]) -> None:
    read = Readings(TEXT)
    lines = source(vocabulary, read, budget)
    for _ in range(3):
        rows(lines)
    assert read.seen == readings


def test_the_budget_is_kept_to_the_byte(vocabulary: Vocabulary) -> None:
    held = sum(source(vocabulary, Readings(TEXT), 0).each(lambda lines: lines.nbytes, 1))
    for budget, readings in ((held, [1]), (held - 1, [1, 2])):
        read = Readings(TEXT)
        lines = source(vocabulary, read, budget)
        for _ in range(2):
            rows(lines)
        assert read.seen == readings


def test_a_pass_that_is_given_up_is_not_taken_for_the_whole(vocabulary: Vocabulary) -> None:
    lines = source(vocabulary, Readings(TEXT), ENOUGH)
    passing = lines.each(lambda lines: lines.rows, 2)
    next(passing)
    passing.close()
    np.testing.assert_array_equal(rows(lines), rows(source(vocabulary, Readings(TEXT), 0)))


def test_a_first_reading_is_checked(vocabulary: Vocabulary) -> None:
    with pytest.raises(UserError, match=r"train/a\.txt line 2: .*__label__.*got 'no label'"):
        rows(source(vocabulary, Readings(b"__label__1 a\nno label\n"), ENOUGH, reading=0))


def test_threads_work_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=60)

    def work(item: int) -> int:
        together.wait()
        return item * item

    assert list(spread(work, range(9), 3)) == [i * i for i in range(9)]


def test_items_are_taken_a_few_ahead_only() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for i in range(1000):
            taken.append(i)
            yield i

    results = spread(lambda item: item, items(), 2)
    assert next(results) == 0
    assert len(taken) < 10
    results.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_the_work_reaches_the_consumer(vocabulary: Vocabulary, threads: int) -> None:
    def work(lines: Lines) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(source(vocabulary, Readings(TEXT), 0).each(work, threads))

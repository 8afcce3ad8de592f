"""A channel as epochs of chunks: what is kept, what is streamed, and what becomes of the thread that reads ahead."""

import threading

import numpy as np
import pytest
from scipy.sparse import csr_array

from algorithms.training.table import Table, prefetch, size
from containers.batch import Batch


class Source:
    """A channel of batches of two rows; counts its openings and closings."""

    def __init__(self, batches: int) -> None:
        self.batches, self.opened, self.closed, self.read = batches, [], 0, 0

    def __call__(self, number):
        self.opened.append(number)
        try:
            for first in range(0, 2 * self.batches, 2):
                self.read += 1
                yield Batch(np.full((2, 4), first, np.float32), np.array([first, first + 1], np.float32))
        finally:
            self.closed += 1


def labels(batches):
    return [label for batch in batches for label in batch.labels.tolist()]


def readers():
    return [thread for thread in threading.enumerate() if thread.name == "prefetch"]


def test_what_fits_is_kept():
    source = Source(10)
    table = Table(source, budget=10_000).load()
    assert table.complete
    assert labels(table.head) == list(range(20))
    assert (source.opened, source.closed) == ([0], 1)
    assert not readers()


@pytest.mark.parametrize("budget", [0, 50, 200])
def test_what_does_not_fit_is_streamed_again_and_again(budget):
    source = Source(10)
    table = Table(source, budget).load()
    assert not table.complete
    assert 0 < len(table.head) < 10
    assert sum(size(batch) for batch in table.head[:-1]) <= budget
    for _ in range(3):
        assert labels(table.stream()) == list(range(20))
    assert source.opened == [0, 1, 2]  # the first pass goes on where loading stopped
    assert source.closed == 3
    assert table.head == []
    assert not readers()


def test_closing_ends_the_reading_under_way():
    source = Source(10)
    table = Table(source, 0).load()
    assert readers()
    table.close()
    table.close()
    assert source.closed == 1
    assert not readers()


def test_stream_that_is_left_early_closes_its_source():
    source = Source(10)
    stream = Table(source, 0).load().stream()
    next(stream), next(stream), stream.close()
    assert source.closed == 1
    assert not readers()


def test_size_counts_what_is_held():
    x = csr_array(np.eye(3, dtype=np.float32))
    stored = x.data.nbytes + x.indices.nbytes + x.indptr.nbytes
    assert size(Batch(x, np.zeros(3, np.float32))) == stored + 12
    assert size(Batch(np.zeros((3, 5), np.float32), np.zeros(3, np.float32), np.zeros(3, np.float32))) == 60 + 12 + 12


# prefetch -------------------------------------------------------------------------------------------------------------------


def test_items_come_in_order():
    assert list(prefetch(range(100))) == list(range(100))
    assert list(prefetch([])) == []


def test_no_more_is_made_ahead_than_asked():
    source = Source(100)
    held = source(0)  # so that it is not closed for want of a reference
    items = prefetch(held, depth=2)
    next(items)
    items.close()
    assert source.read <= 4  # one handed out, two waiting, one in the making
    assert source.closed == 1
    assert not readers()


def test_items_are_made_while_others_are_used():
    second = threading.Event()

    def items():
        yield 1
        second.set()
        yield 2

    ahead = prefetch(items())
    assert next(ahead) == 1
    assert second.wait(10)
    assert list(ahead) == [2]


def test_errors_arrive_behind_the_items_before_them():
    def items():
        yield 1
        raise ValueError("bad row")

    ahead = prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="bad row"):
        next(ahead)
    assert not readers()


def test_none_is_an_item():
    assert list(prefetch([None, 0, None])) == [None, 0, None]

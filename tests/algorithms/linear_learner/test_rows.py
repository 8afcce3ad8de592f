"""Which rows the training loop takes, and in what order."""

import threading

import numpy as np
import pytest
from scipy.sparse import csr_array

from algorithms.linear_learner.data import SparseBlock
from algorithms.linear_learner.rows import STEPS, Blocks, DenseGroup, SparseGroup, TrainingRows, in_step, shuffled
from algorithms.linear_learner.scaler import Scaler
from algorithms.linear_learner.setup import SMALLEST_MINI_BATCH, STEPS_PER_EPOCH, mini_batch_for
from algorithms.training.cluster import Cluster
from algorithms.training.table import Table
from containers.batch import Batch
from containers.hosts import Hosts
from tests.algorithms.linear_learner.fitting import parse

PLAIN = Scaler(np.zeros(2), np.ones(2))


def batches(rows, size=7, sparse=False):
    """Rows that are known by their label, from 1 on; the features say the same."""
    number = np.arange(1, rows + 1, dtype=np.float32)
    x = np.column_stack([number, -number])
    for start in range(0, rows, size):
        piece = x[start : start + size]
        yield Batch(csr_array(piece) if sparse else piece.copy(), number[start : start + size])


def training_rows(rows, mini_batch, *, sparse=False, budget=1 << 20, size=7):
    table = Table(lambda number: batches(rows, size, sparse), budget).load()
    return TrainingRows(table, PLAIN, sparse=sparse, mini_batch=mini_batch)


def mini_batches(rows, epoch):
    """Labels of each mini-batch, in order; the features must belong to them."""
    for group in rows.groups(epoch):
        if isinstance(group, DenseGroup):
            x, y = np.asarray(group.x), np.asarray(group.y)
            assert group.steps <= STEPS
            for start in group.starts:
                np.testing.assert_array_equal(x[start : start + group.size, 0], y[start : start + group.size])
                yield y[start : start + group.size].tolist()
        else:
            assert isinstance(group, SparseGroup)
            b = group.block
            dense = np.zeros((len(b.labels), 2), np.float32)
            dense[b.indices[:, 0], b.columns[b.indices[:, 1]]] = b.values
            np.testing.assert_array_equal(dense, np.column_stack([b.labels, -b.labels]))
            yield b.labels.tolist()


def visited(rows, epoch):
    return [label for batch in mini_batches(rows, epoch) for label in batch]


@pytest.mark.parametrize("sparse", [False, True])
def test_each_epoch_takes_every_row_once(sparse):
    rows = training_rows(60, 10, sparse=sparse)
    epochs = [visited(rows, epoch) for epoch in range(3)]
    for order in epochs:
        assert sorted(order) == list(range(1, 61))
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[0] == visited(training_rows(60, 10, sparse=sparse), 0)


@pytest.mark.parametrize(("rows", "mini_batch"), [(64, 10), (66, 10), (10, 10), (14, 10), (1, 1), (16, 10)])
def test_mini_batches_are_full_and_leave_no_row_out_for_long(rows, mini_batch):
    training = training_rows(rows, mini_batch)
    seen = set()
    for epoch in range(12):
        groups = list(mini_batches(training, epoch))
        assert {len(group) for group in groups} == {mini_batch}
        assert len(groups) == max(1, round(rows / mini_batch))
        assert all(len(set(group)) == mini_batch for group in groups)
        seen.update(*groups)
    assert seen == set(range(1, rows + 1))


def test_fewer_rows_than_a_mini_batch():
    """As on a host whose share is smaller than the others'."""
    training = training_rows(5, 8)
    for epoch in range(3):
        assert sorted(visited(training, epoch)) == [1, 2, 3, 4, 5]


def test_groups_are_cut_so_that_a_stop_is_seen():
    groups = list(training_rows(300, 2).groups(0))
    assert [group.steps for group in groups] == [STEPS, STEPS, 150 - 2 * STEPS]


@pytest.mark.parametrize("sparse", [False, True])
def test_streamed_rows_are_those_in_memory(sparse):
    streamed = training_rows(63, 3, sparse=sparse, budget=1)
    assert not streamed.table.complete
    for epoch in range(3):
        assert sorted(visited(streamed, epoch)) == list(range(1, 64))


def test_streamed_rows_are_shuffled_within_a_block():
    order = np.array(visited(training_rows(60, 3, budget=1, size=30), 0))
    assert sorted(order[:30]) == list(range(1, 31))
    assert order[:30].tolist() != sorted(order[:30])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("budget", [1, 1 << 20])
def test_sample_is_of_the_rows_and_no_larger_than_asked(sparse, budget):
    training = training_rows(60, 10, sparse=sparse, budget=budget, size=20)
    sample = training.sample(15, scores=1)
    labels = np.concatenate([block.y for block in sample])
    assert len(labels) == len(set(labels.tolist())) == 15
    assert set(labels.tolist()) <= set(range(1, 61))
    assert labels.tolist() != sorted(labels)
    assert sorted(visited(training, 0)) == list(range(1, 61))  # the sample took none away


def test_rows_are_normalised():
    table = Table(lambda number: batches(60), 1 << 20).load()
    rows = TrainingRows(table, Scaler(np.array([30.0, -30]), np.array([10.0, 10]), 30, 10), sparse=False, mini_batch=10)
    (block,) = rows.sample(60, scores=1)
    np.testing.assert_allclose(np.asarray(block.x)[:, 0], block.y, rtol=1e-6)
    assert block.y.min() == pytest.approx(-2.9)


def test_shuffled_joins_batches_of_both_kinds():
    x, y = shuffled([*batches(20, sparse=True), *batches(20)], True, np.random.default_rng(0), ring=3)
    assert x.shape == (43, 2)
    np.testing.assert_array_equal(x.toarray()[:, 0], y)
    np.testing.assert_array_equal(y[:3], y[40:])
    assert sorted(y[:40]) == sorted([*range(1, 21), *range(1, 21)])


def test_blocks_are_cut_by_the_scores_they_need():
    x, y = np.zeros((20_000, 1), np.float32), np.zeros(20_000, np.float32)
    assert [len(block.y) for block in Blocks(x, y, scores=1)] == [8192, 8192, 3616]
    assert max(len(block.y) for block in Blocks(x, y, scores=1 << 15)) == 1024


def test_sparse_block_keeps_what_is_stored():
    x = csr_array(np.array([[0, 0, 5, 0], [0, 0, 0, 0], [7, 0, 6, 0]], np.float32))
    block = SparseBlock.of(x, np.zeros(3, np.float32))
    assert block.columns.tolist() == [0, 2]
    assert block.indices.tolist() == [[0, 1], [2, 0], [2, 1]]
    assert block.values.tolist() == [5, 7, 6]


def test_groups_end_where_the_job_is_stopped():
    stop, rows = threading.Event(), training_rows(300, 2)
    steps = in_step(rows.groups(0), rows.nothing(2), Cluster(Hosts()), stop)
    assert next(steps)[1] == STEPS
    stop.set()
    assert list(steps) == []


def test_mini_batch_of_small_data_leaves_steps_to_take():
    assert mini_batch_for(parse(), 10**6, complete=True) == 1000
    assert mini_batch_for(parse(), 3200, complete=True) == 3200 // STEPS_PER_EPOCH
    assert mini_batch_for(parse(), 100, complete=True) == SMALLEST_MINI_BATCH
    assert mini_batch_for(parse(), 5, complete=True) == 5
    # what is in memory says nothing of how much is streamed
    assert mini_batch_for(parse(), 3200, complete=False) == 1000


@pytest.mark.parametrize("complete", [True, False])
def test_mini_batch_that_is_given_is_taken(complete):
    assert mini_batch_for(parse(mini_batch_size=70), 100, complete=complete) == 70
    assert mini_batch_for(parse(mini_batch_size=1000), 3200, complete=complete) == 1000
    assert mini_batch_for(parse(mini_batch_size=700), 100, complete=complete) == 100

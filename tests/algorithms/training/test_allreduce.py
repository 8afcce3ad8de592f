"""What hosts compute together by plain sockets."""

import threading

import numpy as np
import pytest

from algorithms.training import allreduce
from algorithms.training.allreduce import together
from containers.errors import AlgorithmError
from containers.hosts import Hosts
from tests.algorithms.training.several import cluster, run


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_mean_over_all_hosts(count, monkeypatch):
    monkeypatch.setattr(allreduce, "CHUNK", 7)

    def on(hosts):
        array = np.arange(24, dtype=np.float32).reshape(4, 6) * (1 + hosts.index)
        with together(hosts) as star:
            star.average(array)
            star.average(array[:0])
        return array

    for array in run(cluster(count), on):
        np.testing.assert_allclose(array, np.arange(24).reshape(4, 6) * (count + 1) / 2, rtol=1e-6)


def test_large_arrays_are_the_same_to_the_last_bit_everywhere():
    def on(hosts):
        array = np.random.default_rng(hosts.index).normal(size=(3_000_017,)).astype(np.float32)
        with together(hosts) as star:
            star.average(array)
        return array

    first, second, third = run(cluster(3), on)
    assert (first == second).all()
    assert (first == third).all()
    assert np.abs(first).max() > 0


@pytest.mark.parametrize("count", [1, 2, 11])
def test_bytes_of_all_hosts_in_their_order(count):
    def on(hosts):
        with together(hosts) as star:
            return star.gather(hosts.current.encode() * hosts.index), star.any(hosts.index == 1), star.any(False)

    hosts = cluster(count)
    expected = [h.current.encode() * h.index for h in hosts]
    assert run(hosts, on) == [(expected, count > 1, False)] * count


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_host_that_goes_is_named(gone):
    def on(hosts):
        with together(hosts, patience=20) as star:
            if hosts.index == gone:
                return None
            star.average(np.zeros(5, np.float32))
            return star.gather(b"never")

    ends = run(cluster(3), on)
    assert all(isinstance(end, AlgorithmError) for i, end in enumerate(ends) if i != gone)
    whoever_notices = ends[0] if gone else ends[1]
    assert f"lost contact with another host of the job: host-{gone}" in str(whoever_notices)


def test_a_host_that_does_not_answer_is_not_waited_for_long():
    over = threading.Event()

    def on(hosts):
        with together(hosts, patience=1) as star:
            if not hosts.is_first:
                return over.wait(30)
            try:
                return star.gather(b"")
            finally:
                over.set()

    first, second = run(cluster(2), on)
    assert "host-1: timed out" in str(first)
    assert second


def test_alone_nothing_is_needed():
    with together(Hosts()) as star:
        assert star.gather(b"x") == [b"x"]

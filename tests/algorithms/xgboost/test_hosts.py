"""Several hosts, here processes on loopback ports: what they do together, and how one that goes takes the others with it."""

import signal
from functools import partial

import numpy as np
import pytest

from algorithms.training.lifeline import lifeline
from algorithms.xgboost import hosts
from algorithms.xgboost.hosts import Cluster, collective
from containers.errors import UserError
from containers.hosts import Hosts
from containers.stop import Stopped
from tests.algorithms.xgboost.processes import names, starter, tell

pytestmark = pytest.mark.slow
LOST = "AlgorithmError: lost contact with another host of the job: "


@pytest.fixture
def start(tmp_path):
    yield from starter(tmp_path)


# What a host does. -----------------------------------------------------------------------------------------------------------


def everything(job):
    """Each operation once."""
    own = job.hosts.index + 1
    with collective(job) as cluster:
        tell(cluster.sum(np.array([own, 0.5])).tolist())
        tell(cluster.sum(np.float64(own)).tolist())
        tell(cluster.maximum(np.array([[own], [-own]])).tolist())
        tell([cluster.any(own == 2), cluster.any(False)])
        tell(cluster.broadcast({"från": job.hosts.current, "none": None} if cluster.is_first else None))


def train(job):
    """Boost until any host is told to stop."""
    import xgboost

    rng = np.random.default_rng(job.hosts.index)
    x = rng.random((2000, 5), np.float32)
    with collective(job) as cluster:

        class Telling(xgboost.callback.TrainingCallback):
            def after_iteration(self, model, epoch, evals_log):
                tell(epoch)
                return cluster.any(job.stop.is_set())

        model = xgboost.train({"nthread": 1}, xgboost.QuantileDMatrix(x, x[:, 0]), 1_000_000, callbacks=[Telling()])
        tell(["rounds", model.num_boosted_rounds()])


def impatient(**seconds):
    """Let what would be minutes be seconds."""
    hosts.lifeline = partial(lifeline, **seconds)


def train_impatiently(job):
    impatient(silence=2.0, grace=2.0)
    train(job)


def second_has_bad_data(job):
    with collective(job) as cluster:
        if job.hosts.index == 1:
            raise UserError("train/b.csv, line 3: expected a number, got 'x'")
        cluster.barrier()


def second_is_told_to_stop_while_it_reads(job):
    with collective(job) as cluster:
        if job.hosts.index == 1:
            raise Stopped("while waiting for a pipe")
        cluster.barrier()


def come(job):
    impatient(patience=1.0)
    with collective(job):
        tell("met")


def wait_for_the_others(job):
    tell("here")
    with collective(job):
        tell("met")


# What becomes of it. ---------------------------------------------------------------------------------------------------------


def test_one_host_is_alone_with_what_it_has():
    cluster = Cluster(Hosts())
    assert cluster.sum(np.arange(3)).tolist() == [0, 1, 2]
    assert cluster.maximum(2.5) == 2.5
    assert cluster.any(True) and not cluster.any(False)
    assert cluster.broadcast({"a": [1]}) == {"a": [1]}
    assert cluster.is_first
    cluster.barrier()


def test_hosts_know_what_all_have(start):
    running = start(3, everything)
    expected = [[6, 1.5], 6, [[3], [-1]], [True, False], {"från": "algo-1", "none": None}]
    for host in running:
        assert [host.tells() for _ in expected] == expected
    assert [host.end() for host in running] == [0, 0, 0]


@pytest.mark.parametrize("dies", [0, 2], ids=["the first", "another"])
def test_the_others_name_the_host_that_is_killed(start, dies):
    running = start(3, train)
    while running[dies].tells() != 3:
        pass
    running[dies].process.kill()
    others = [host for host in running if host is not running[dies]]
    assert [host.end() for host in others] == [2, 2]
    assert {host.failure for host in others} == {f"{LOST}algo-{dies + 1}: its connection has ended"}


@pytest.mark.parametrize("hangs", [0, 1], ids=names(2))
def test_the_others_do_not_wait_for_a_host_that_hangs(start, hangs):
    running = start(2, train_impatiently)
    while running[hangs].tells() != 3:
        pass
    running[hangs].process.send_signal(signal.SIGSTOP)
    other = running[1 - hangs]
    assert other.end() == 2
    assert other.failure == f"{LOST}algo-{hangs + 1}: no sign of life for 2 s"


def test_the_others_say_why_a_host_failed(start):
    first, second, third = start(3, second_has_bad_data)
    assert [host.end() for host in (first, second, third)] == [2, 1, 2]
    reason = "train/b.csv, line 3: expected a number, got 'x'"
    assert second.failure == f"ClientError: {reason}"
    assert first.failure == third.failure == f"{LOST}algo-2: {reason}"


@pytest.mark.parametrize("told", [0, 1], ids=names(2))
def test_sigterm_for_one_stops_all_with_the_same_model(start, told):
    running = start(2, train)
    while running[told].tells() != 3:
        pass
    running[told].process.send_signal(signal.SIGTERM)
    ends = []
    for host in running:
        while not isinstance(said := host.tells(), list):
            assert said is not None
        ends.append(said)
    assert ends[0] == ends[1]
    assert [host.end() for host in running] == [0, 0]


def test_a_host_that_is_stopped_where_it_cannot_say_so_stops_all(start):
    running = start(3, second_is_told_to_stop_while_it_reads)
    assert [host.end() for host in running] == [0, 0, 0]
    assert not any((host.root / "output" / "failure").exists() for host in running)


@pytest.mark.parametrize("absent", ["algo-1", "algo-3"])
def test_all_name_the_host_that_never_comes(start, absent):
    running = start(3, come, absent=absent)
    assert [host.end() for host in running] == [2, 2]
    reason = f"AlgorithmError: not all hosts of the job have come within 1 s: missing {absent}"
    assert {host.failure for host in running} == {reason}


@pytest.mark.parametrize("absent", names(2))
def test_sigterm_ends_the_waiting(start, absent):
    (host,) = start(2, wait_for_the_others, absent=absent)
    assert host.tells() == "here"
    host.process.send_signal(signal.SIGTERM)
    assert (host.tells(), host.end()) == (None, 0)

"""Several hosts, here processes on loopback ports: together they learn what none could alone, and none waits for the dead."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from local_mode.network import LOOPBACK, free_ports
from tests.contract.cases import each_algorithm
from tests.contract.job import end_all

pytestmark = pytest.mark.slow
NAMES = ("algo-1", "algo-2")


@pytest.fixture
def start_hosts(make_job):
    """Start two hosts; each has half of the training examples and all of the others."""

    def start(case, **hyperparameters):
        addresses = ",".join(f"{name}={LOOPBACK}:{port}" for name, port in zip(NAMES, free_ports(2), strict=True))
        content_type, jobs = case.content_types[-1], []
        for name, half in zip(NAMES, case.halves(), strict=True):
            job = make_job(case, **hyperparameters).hosts(name, *NAMES)
            for channel, examples in case.examples.items():
                content = case.encode(half if channel == "train" else examples, content_type)
                distribution = "ShardedByS3Key" if channel == "train" else "FullyReplicated"
                job.channel(channel, {"examples": content}, content_type, S3DistributionType=distribution)
            jobs.append(job.start(DRYDOCK_HOSTS=addresses))
        return jobs

    return start


@each_algorithm
def test_two_hosts_on_half_the_data_each_are_as_good_as_one_on_all(case, start_hosts):
    first, second = start_hosts(case)
    assert end_all(first, second) == [0, 0], first.log + second.log
    assert set(first.model) == case.model_files
    assert second.model == {}, "what has one name is written by one host"
    examples = case.unseen
    assert case.is_good(case.score(examples, first.answers(examples)))


@each_algorithm
@pytest.mark.parametrize("dies", [0, 1], ids=NAMES)
def test_the_death_of_a_host_ends_the_other(case, dies, start_hosts):
    jobs = start_hosts(case, **case.endless)
    dying, other = jobs[dies], jobs[1 - dies]
    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(other.end)
        dying.until_epoch(2)
        dying.process.kill()
        assert code.result() == 2, other.log
    assert other.failure.startswith("AlgorithmError: lost contact with another host of the job: "), other.failure
    assert "{{" not in other.failure.partition("\n")[0], "names of nodes in a graph mean nothing to a user"
    assert other.model == {}


@each_algorithm
def test_sigterm_for_one_host_stops_all_and_leaves_a_model(case, start_hosts):
    first, second = start_hosts(case, **case.endless)
    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(first.end)
        second.until_epoch(2)
        second.process.send_signal(signal.SIGTERM)
        assert (code.result(), second.end()) == (0, 0), first.log + second.log
    assert set(first.model) == case.model_files


@each_algorithm
def test_no_host_is_done_before_the_model_is_there(case, start_hosts):
    """The SDK's local mode ends all hosts, with ten seconds' notice, as soon as one is done."""
    first, second = start_hosts(case, **case.endless)
    with ThreadPoolExecutor(1) as pool:
        code = pool.submit(second.end)
        first.until_epoch(2)
        for name in case.model_files:  # so that it cannot be written
            (first.root / "model" / name / "in the way").mkdir(parents=True)
        first.process.send_signal(signal.SIGTERM)
        assert (first.end(), code.result()) == (2, 2), first.log + second.log
    assert first.failure.startswith("AlgorithmError: the model cannot be written: "), first.failure
    assert second.failure.startswith("AlgorithmError: lost contact with another host of the job: "), second.failure

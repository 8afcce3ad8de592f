"""Interruptions: a job that is told to stop keeps its model, one that is started again goes on where it was."""

import signal

import pytest

from tests.contract.cases import FIRST, each_algorithm

pytestmark = pytest.mark.slow


@each_algorithm
def test_sigterm_while_training_leaves_a_model_that_works(case, make_job):
    job = make_job(case, **case.endless).data(case.content_types[-1]).start()
    job.until_epoch(3)
    job.process.send_signal(signal.SIGTERM)
    assert job.end() == 0, job.log
    assert not (job.root / "output" / "failure").exists()
    assert set(job.model) == case.model_files
    examples = case.unseen
    assert case.is_good(case.score(examples, job.answers(examples)))


@pytest.mark.parametrize("case", [case for case in FIRST if case.resumes], ids=lambda case: case.algorithm_name)
def test_a_job_that_was_interrupted_ends_with_the_model_of_one_that_was_not(case, make_job):
    def checkpointed():
        job = make_job(case, **case.unhurried).data(case.content_types[-1])
        return job.config("checkpointconfig", {"LocalPath": "/opt/ml/checkpoints"})

    # What is not read of its log holds a job up, so it cannot come to its end before the signal.
    job = checkpointed()
    for number, code in ((signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)):
        job.start(DRYDOCK_REPORT="off").until_epoch(5)
        job.process.send_signal(number)
        assert job.end() == code, job.log
    job.run(DRYDOCK_REPORT="off")
    assert min(row["epoch"] for row in job.metrics if row["epoch"] is not None) > 5, "it began anew"
    assert job.model == checkpointed().run(DRYDOCK_REPORT="off").model

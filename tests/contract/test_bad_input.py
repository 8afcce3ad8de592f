"""Bad input: the job fails at once, says what is wrong, where and what was expected, and leaves no model."""

import pytest

from tests.contract.cases import CASES, each_algorithm

pytestmark = pytest.mark.slow


def refused(job, *says, **environ):
    """The job fails, and so does `--check`, in the same words."""
    reasons = []
    for arguments in ((), ("--check",)):
        assert job.start(*arguments, **environ).end() == 1, job.log
        reasons.append(job.failure)
        assert job.model == {}
    reason, checked = reasons
    assert checked == reason
    assert reason.startswith("ClientError: ")
    place = 0
    for words in says:
        assert words in reason[place:], reason
        place = reason.index(words, place) + len(words)


@pytest.mark.parametrize(
    ("case", "bad"), [pytest.param(case, bad, id=f"{case}-{bad}") for case in CASES for bad in case.bad_inputs]
)
def test_bad_input(case, bad, make_job):
    job = make_job(case, **bad.hyperparameters)
    if bad.files is None:
        job.data(bad.content_type, bad.input_mode)
    else:
        job.channel("train", bad.files, bad.content_type, bad.input_mode)
    refused(job, *bad.says, **bad.environ)


@each_algorithm
def test_a_channel_without_files(case, make_job):
    refused(make_job(case).channel("train", {"_SUCCESS": b""}, case.content_types[-1]), "channel 'train'", "no files")


@each_algorithm
def test_a_required_channel_that_is_missing(case, make_job):
    refused(make_job(case).config("inputdataconfig", {}), "channel 'train'", "required")


@each_algorithm
def test_a_channel_that_the_algorithm_does_not_know(case, make_job):
    job = make_job(case).data(case.content_types[-1]).channel("trian", {"a": b""})
    refused(job, "channel 'trian'", "did you mean 'train'")


@each_algorithm
def test_a_content_type_that_is_not_read(case, make_job):
    job = make_job(case).data(case.content_types[-1]).channel("train", {}, "image/png")
    refused(job, "channel 'train'", "'image/png'", *case.content_types)

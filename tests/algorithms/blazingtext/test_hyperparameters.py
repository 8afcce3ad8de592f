"""What a user may set, and what a job must agree on with itself."""

import logging
from pathlib import Path

import pytest

from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.rules import check_job
from containers.channels import Channel
from containers.errors import UserError
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.media import MediaType
from containers.settings import TrainSettings


def parse(**values: str) -> BlazingTextHyperparameters:
    return BlazingTextHyperparameters.parse(values)


def job(*channels: str, hosts: int = 1, objective: str | None = None, content_type: str | None = None, **values: str):
    names = tuple(f"algo-{number}" for number in range(1, hosts + 1))
    media = MediaType.parse(content_type) if content_type else None
    return TrainingJob(
        name="job",
        hyperparameters=parse(**values),
        channels={name: Channel(name, Path(name), media) for name in channels},
        hosts=Hosts("algo-1", names),
        settings=TrainSettings(),
        tuning_objective=objective,
    )


def test_min_char_above_max_char_is_refused():
    parse(mode="skipgram", min_char="4", max_char="4")
    with pytest.raises(UserError, match="min_char: expected an integer <= max_char, which is 4, got 5"):
        parse(mode="skipgram", min_char="5", max_char="4")
    with pytest.raises(UserError, match="which is 2, got 3"):
        parse(mode="skipgram", max_char="2")


def test_every_problem_is_said_at_once():
    with pytest.raises(UserError) as refusal:
        parse(mode="glove", vector_dim="0", min_char="9", epoch="3")
    assert [line.split(":")[0] for line in str(refusal.value).splitlines()] == ["mode", "vector_dim", "epoch", "min_char"]


@pytest.mark.parametrize(
    ("mode", "learns"), [("skipgram", True), ("cbow", True), ("batch_skipgram", False), ("supervised", False)]
)
def test_which_modes_learn_subwords(mode, learns):
    assert parse(mode=mode, subwords="True").learns_subwords == learns
    assert not parse(mode=mode).learns_subwords


@pytest.mark.parametrize("mode", ["skipgram", "cbow", "supervised"])
def test_only_batch_skipgram_trains_on_several_hosts(mode):
    check_job(job("train", hosts=3, mode="batch_skipgram"))
    with pytest.raises(UserError, match=f"mode: '{mode}' trains on one host, got 3; 'batch_skipgram' trains on several"):
        check_job(job("train", hosts=3, mode=mode))


def test_early_stopping_needs_a_validation_channel():
    check_job(job("train", "validation", mode="supervised", early_stopping="True"))
    check_job(job("train", mode="cbow", early_stopping="True"))
    with pytest.raises(UserError, match="early_stopping: needs the channel 'validation', which is not given"):
        check_job(job("train", mode="supervised", early_stopping="True"))


def test_word_vectors_are_learnt_from_text_in_train_alone():
    with pytest.raises(UserError, match="channel 'validation': not read in mode 'cbow'"):
        check_job(job("train", "validation", mode="cbow"))
    with pytest.raises(UserError, match="channel 'train': an augmented manifest is read in mode 'supervised' only"):
        check_job(job("train", content_type="application/jsonlines", mode="skipgram"))


@pytest.mark.parametrize(
    ("objective", "channels", "values", "says"),
    [
        ("train:mean_rho", ["train"], {"mode": "skipgram"}, None),
        ("validation:accuracy", ["train", "validation"], {"mode": "supervised"}, None),
        ("train:mean_rho", ["train"], {"mode": "skipgram", "evaluation": "False"}, "evaluation=True"),
        ("train:mean_rho", ["train"], {"mode": "supervised"}, "a mode of word vectors"),
        ("validation:accuracy", ["train"], {"mode": "supervised"}, "the channel 'validation'"),
        ("train:accuracy", ["train"], {"mode": "supervised"}, "unknown metric 'train:accuracy'"),
    ],
)
def test_a_tuner_may_ask_for_what_is_reported(objective, channels, values, says):
    asked = job(*channels, objective=objective, **values)
    if says is None:
        check_job(asked)
        return
    with pytest.raises(UserError, match=says):
        check_job(asked)


def test_what_a_mode_ignores_is_logged(caplog):
    caplog.set_level(logging.INFO)
    check_job(job("train", mode="batch_skipgram", subwords="True", batch_size="5"))
    assert [record.message.split(":")[0] for record in caplog.records] == ["subwords"]
    caplog.clear()
    check_job(job("train", mode="skipgram", subwords="True", batch_size="5"))
    assert [record.message.split(":")[0] for record in caplog.records] == ["batch_size"]
    caplog.clear()
    check_job(job("train", "validation", mode="supervised", early_stopping="True", epochs="1"))
    assert "min_epochs=5 is more than epochs=1" in caplog.text

"""The models that are trained side by side."""

import logging

import pytest

from algorithms.linear_learner import setup, sizing
from algorithms.linear_learner.candidates import AUTO_NUM_MODELS, Candidate, spread
from tests.algorithms.linear_learner.fitting import Trainer, binary, parse, regression


def candidates(count=32, balanced_weight=4.0, **hyperparameters):
    found = spread(parse("binary_classifier", **hyperparameters), count, balanced_weight)
    assert len(found) == count
    return found


def test_by_default_all_differ_and_the_first_is_plain():
    models = candidates()
    assert len(set(models)) == 32
    assert models[0] == Candidate(learning_rate=0.1, wd=0.0, l1=0.0)
    assert len({model.learning_rate for model in models}) == 8
    assert {(model.wd > 0, model.l1 > 0) for model in models} == {(False, False), (True, False), (False, True)}


@pytest.mark.parametrize("count", [1, 8, 32])
def test_what_is_given_is_what_the_first_model_has(count):
    first = candidates(count, learning_rate=0.02, wd=0.3, l1=0.004, positive_example_weight_mult=7)[0]
    assert first == Candidate(learning_rate=0.02, wd=0.3, l1=0.004, positive_weight=7.0)


def test_the_others_lie_around_it():
    models = candidates(learning_rate=0.02, wd=0.3, l1=0.004, positive_example_weight_mult=7)
    assert len(set(models)) == 32
    for name, value in {"learning_rate": 0.02, "wd": 0.3, "l1": 0.004}.items():
        values = [getattr(model, name) for model in models]
        assert value / 100 <= min(values) < max(values) <= 10 * value * 1.0001
    assert {model.positive_weight for model in models} == {7.0}


def test_zero_stays_zero():
    assert {(model.wd, model.l1) for model in candidates(wd=0, l1=0)} == {(0.0, 0.0)}
    assert {model.wd for model in candidates(wd=0)} == {0.0}
    assert {model.l1 for model in candidates(wd=0, l1=0.1)} > {0.1}
    assert {model.l1 for model in candidates(l1=0)} == {0.0}


def test_more_models_than_points_are_slower_ones():
    models = candidates(100, learning_rate=0.02, wd=0, l1=0)
    assert len(set(models)) == 100
    assert min(model.learning_rate for model in models) < 0.001


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad", "rmsprop"])
def test_each_optimizer_has_rates_of_its_own(optimizer):
    rates = {model.learning_rate for model in candidates(optimizer=optimizer)}
    assert len(rates) == 8


def test_weights_of_positives():
    assert {model.positive_weight for model in candidates()} == {1.0}
    assert {model.positive_weight for model in candidates(positive_example_weight_mult="balanced")} == {4.0}
    assert {model.positive_weight for model in candidates(positive_example_weight_mult="auto")} == {1.0, 4.0, 2.0}


def test_balanced_counts_the_training_rows():
    x, y = binary(rows=1000, positives=0.2)
    arch = Trainer.of(x, y, predictor_type="binary_classifier", positive_example_weight_mult="balanced").network.arch
    assert arch.candidates[0].positive_weight == pytest.approx((y == 0).sum() / (y == 1).sum())


@pytest.mark.parametrize("label", [0, 1])
def test_balanced_where_there_is_one_class(label):
    x, y = binary(rows=50)
    y[:] = label
    arch = Trainer.of(x, y, predictor_type="binary_classifier", positive_example_weight_mult="balanced").network.arch
    assert arch.candidates[0].positive_weight > 0


@pytest.mark.parametrize(("given", "tuning", "expected"), [("auto", False, AUTO_NUM_MODELS), (7, False, 7), (7, True, 1)])
def test_number_of_models(given, tuning, expected):
    trainer = Trainer.of(*regression())
    arch = setup.architecture(parse(num_models=given), trainer.sample, tuning=tuning)
    assert len(arch.candidates) == expected


def test_auto_trains_as_many_as_fit(monkeypatch, caplog):
    sample = Trainer.of(*regression()).sample
    arch = setup.architecture(parse(), sample, tuning=False)
    full = len(arch.candidates)
    monkeypatch.setattr(sizing, "memory_limit", lambda: 2_000_000)
    with caplog.at_level(logging.WARNING):
        fewer = setup.architecture(parse(), sample, tuning=False)
        given = setup.architecture(parse(num_models=32), sample, tuning=False)
    assert 1 <= len(fewer.candidates) < full == 32
    assert list(fewer.candidates) == list(arch.candidates)[: len(fewer.candidates)]
    assert "do not fit" in caplog.text
    assert len(given.candidates) == 32
    monkeypatch.setattr(sizing, "memory_limit", lambda: 1)
    assert len(setup.architecture(parse(), sample, tuning=False).candidates) == 1

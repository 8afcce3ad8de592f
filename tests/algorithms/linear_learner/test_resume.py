"""Trainings that were interrupted, and what becomes of checkpoints that do not fit."""

import logging

import numpy as np
import pytest
from scipy.sparse import csr_array

from algorithms.linear_learner import sizing
from algorithms.linear_learner.progress import CHECKPOINT
from tests.algorithms.linear_learner.fitting import binary, fit, regression

pytestmark = pytest.mark.slow

#: A schedule that does not depend on the number of epochs, so that a shorter training is the beginning of a longer one.
COMMON = {"num_models": 4, "lr_scheduler_step": 7, "lr_scheduler_factor": 0.9, "early_stopping_patience": 100}


def sparse():
    x, y = binary()
    return csr_array(np.where(np.abs(x) > 0.7, x, 0)), y


CASES = {
    "adam": (regression, {}),
    "momentum": (regression, {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.01}),
    "sparse": (sparse, {"predictor_type": "binary_classifier", "l1": 0.001}),
    "streamed": (lambda: regression(rows=20_000), {"cache_megabytes": 0, "optimizer": "adagrad"}),
}


@pytest.mark.parametrize("case", CASES)
def test_resumed_is_uninterrupted(tmp_path, caplog, case):
    data, settings = CASES[case]
    settings = {**COMMON, **settings}
    whole = fit(tmp_path / "whole", data(), epochs=5, **settings)
    kept = tmp_path / "checkpoints"
    fit(tmp_path / "first", data(), epochs=2, checkpoints=kept, **settings)
    with caplog.at_level(logging.INFO):
        resumed = fit(tmp_path / "second", data(), epochs=5, checkpoints=kept, **settings)
    assert "resuming after 2 epochs" in caplog.text
    np.testing.assert_allclose(resumed.model.weights, whole.model.weights, rtol=1e-5)
    np.testing.assert_allclose(resumed.model.bias, whole.model.bias, rtol=1e-5, atol=1e-7)
    assert resumed.epochs("train:objective_loss") == pytest.approx(whole.epochs("train:objective_loss")[2:], rel=1e-5)
    assert resumed.model.description.metrics == pytest.approx(whole.model.description.metrics, rel=1e-4)


def test_streamed_training_repeats_itself(tmp_path):
    settings = {**COMMON, "epochs": 3, "cache_megabytes": 0}
    one, two = (fit(tmp_path / name, regression(rows=40_000), **settings) for name in ("one", "two"))
    np.testing.assert_array_equal(one.weights, two.weights)


def test_rows_are_normalised_as_they_were(tmp_path):
    """The first rows may be others after an interruption; the network knows the old scaler only."""
    x, y = regression()
    settings = {**COMMON, "checkpoints": tmp_path / "checkpoints", "num_point_for_scaler": 50}
    fit(tmp_path / "first", (x, y), epochs=5, **settings)
    resumed = fit(tmp_path / "second", (x[::-1].copy(), y[::-1].copy()), epochs=6, **settings)
    assert ((resumed.scores(x) - y) ** 2).mean() < 0.05 * y.var()


def test_training_that_early_stopping_ended_is_not_taken_up_again(tmp_path):
    settings = {"num_models": 1, "early_stopping_tolerance": 0.9999, "early_stopping_patience": 1, "epochs": 9}
    first = fit(tmp_path / "first", regression(), checkpoints=tmp_path / "checkpoints", **settings)
    again = fit(tmp_path / "second", regression(), checkpoints=tmp_path / "checkpoints", **settings)
    assert len(first.epochs("train:objective_loss")) == 2
    assert again.epochs("train:objective_loss") == []
    np.testing.assert_array_equal(again.weights, first.weights)


def trained_anew(tmp_path, caplog, data, warning, **settings):
    """Train with the checkpoint at hand and without; both must be the same."""
    with caplog.at_level(logging.WARNING):
        found = fit(tmp_path / "found", data, checkpoints=tmp_path / "checkpoints", **settings)
    assert warning in caplog.text
    anew = fit(tmp_path / "anew", data, **settings)
    np.testing.assert_allclose(found.weights, anew.weights, rtol=1e-6)
    assert len(found.epochs("train:objective_loss")) == settings["epochs"]


@pytest.mark.parametrize("other", [{"learning_rate": 0.02}, {"wd": 0.1}, {"num_models": 3}, {"loss": "huber_loss"}])
def test_other_hyperparameters_start_anew(tmp_path, caplog, other):
    fit(tmp_path / "first", regression(), epochs=2, checkpoints=tmp_path / "checkpoints", **COMMON)
    trained_anew(tmp_path, caplog, regression(), "of other hyperparameters or data", epochs=3, **{**COMMON, **other})


def test_data_of_another_width_start_anew(tmp_path, caplog):
    fit(tmp_path / "first", regression(features=4), epochs=2, checkpoints=tmp_path / "checkpoints", **COMMON)
    trained_anew(tmp_path, caplog, regression(), "of other hyperparameters or data", epochs=3, **COMMON)


def test_fewer_models_than_fitted_before_start_anew(tmp_path, caplog, monkeypatch):
    """As on a smaller machine: `num_models=auto` depends on the memory."""
    settings = {"num_models": "auto", "epochs": 2}
    fit(tmp_path / "first", regression(), checkpoints=tmp_path / "checkpoints", **settings)
    monkeypatch.setattr(sizing, "memory_limit", lambda: 500_000)
    trained_anew(tmp_path, caplog, regression(), "starting anew", **settings)


@pytest.mark.parametrize("keep", [0, 100, -50])
def test_damaged_checkpoint_starts_anew(tmp_path, caplog, keep):
    fit(tmp_path / "first", regression(), epochs=2, checkpoints=tmp_path / "checkpoints", **COMMON)
    path = tmp_path / "checkpoints" / CHECKPOINT
    path.write_bytes(path.read_bytes()[:keep])
    trained_anew(tmp_path, caplog, regression(), "cannot be read, starting anew", epochs=3, **COMMON)


def test_without_checkpoints_none_is_written(tmp_path):
    fit(tmp_path / "job", regression(), epochs=1, **COMMON)
    assert not list(tmp_path.rglob(CHECKPOINT))

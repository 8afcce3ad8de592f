"""Losses against scikit-learn, scipy and numeric derivatives, in numpy and in TensorFlow."""

import numpy as np
import pytest
from scipy.special import expit, huber
from scipy.special import softmax as scipy_softmax
from sklearn.metrics import hinge_loss, log_loss, mean_absolute_error, mean_pinball_loss, mean_squared_error

from algorithms.linear_learner.losses import DEFAULT_LOSS, LOSSES, NUMPY_OPS, LossSettings, sigmoid, softmax
from tests.algorithms.linear_learner.fitting import Trainer, regression

SETTINGS = LossSettings(margin=1.5, insensitivity=0.3, quantile=0.8, huber_delta=0.7)
RNG = np.random.default_rng(0)
Z = RNG.normal(scale=2.0, size=(50, 1, 1))
T01 = RNG.integers(0, 2, (50, 1, 1)).astype(float)
TREAL = RNG.normal(size=(50, 1, 1))
ELEMENTWISE = [name for name in LOSSES if name != "softmax_loss"]
REGRESSION = [name for name, loss in LOSSES.items() if "regressor" in loss.predictors]


def value(name, z, t, settings=SETTINGS, ops=NUMPY_OPS):
    return LOSSES[name].value(ops, z, t, settings)


def slope(name, z, t, settings=SETTINGS, ops=NUMPY_OPS):
    return LOSSES[name].slope(ops, z, t, settings)


def case(name, models=3, outputs=2):
    """Scores of several models and outputs, and targets that the loss may be computed on."""
    rng = np.random.default_rng(1)
    z = rng.normal(scale=2.0, size=(40, models, outputs))
    if "regressor" in LOSSES[name].predictors:
        return z, rng.normal(size=(40, 1, outputs))
    return z, np.eye(outputs)[rng.integers(0, outputs, 40)][:, None, :]


def test_means_are_those_of_scikit_learn():
    z, real, label = Z[:, 0, 0], TREAL[:, 0, 0], T01[:, 0, 0]
    plain = LossSettings()
    assert value("logistic", Z, T01).mean() == pytest.approx(log_loss(label, expit(z)))
    assert value("hinge_loss", Z, T01, plain).mean() == pytest.approx(hinge_loss(label, z))
    assert value("squared_loss", Z, TREAL).mean() == pytest.approx(mean_squared_error(real, z))
    assert value("absolute_loss", Z, TREAL).mean() == pytest.approx(mean_absolute_error(real, z))
    assert value("quantile_loss", Z, TREAL).mean() == pytest.approx(mean_pinball_loss(real, z, alpha=0.8))
    assert value("huber_loss", Z, TREAL).mean() == pytest.approx(huber(0.7, z - real).mean())
    beyond = np.clip(np.abs(z - real) - 0.3, 0, None)
    assert 0 < (beyond == 0).mean() < 1
    assert value("eps_insensitive_absolute_loss", Z, TREAL).mean() == pytest.approx(beyond.mean())
    assert value("eps_insensitive_squared_loss", Z, TREAL).mean() == pytest.approx((beyond**2).mean())


def test_softmax_loss_is_scikit_learns_log_loss():
    z, t = case("softmax_loss", models=1, outputs=5)
    expected = log_loss(t[:, 0].argmax(axis=1), scipy_softmax(z[:, 0], axis=1), labels=range(5))
    assert value("softmax_loss", z, t).mean() == pytest.approx(expected)


def test_margin_moves_the_hinge():
    # a row of class 1 with score 1: free within margin 1, short of margin 3 by 2
    one = np.ones((1, 1, 1))
    assert value("hinge_loss", one, one, LossSettings(margin=1.0)).item() == 0.0
    assert value("hinge_loss", one, one, LossSettings(margin=3.0)).item() == 2.0
    assert slope("hinge_loss", one, one, LossSettings(margin=3.0)).item() == -1.0


def test_one_against_the_rest_is_the_sum_over_the_classes():
    z, t = case("logistic", models=1, outputs=3)
    each = sum(log_loss(t[:, 0, k], expit(z[:, 0, k]), labels=[0, 1]) for k in range(3))
    assert value("logistic", z, t).mean() == pytest.approx(each)


@pytest.mark.parametrize("name", LOSSES)
def test_slope_is_the_derivative(name):
    z, t = case(name)
    step = 1e-6
    numeric = np.empty_like(z)
    for output in range(z.shape[2]):
        moved = np.zeros_like(z)
        moved[:, :, output] = step
        numeric[:, :, output] = (value(name, z + moved, t) - value(name, z - moved, t)) / (2 * step)
    np.testing.assert_allclose(slope(name, z, t), numeric, atol=1e-6)
    assert value(name, z, t).shape == (40, 3)


@pytest.mark.parametrize("name", LOSSES)
def test_tensorflow_computes_what_numpy_does(name):
    network = Trainer.of(*regression()).network
    z, t = (a.astype(np.float32) for a in case(name))
    tensors = network.tf.constant(z), network.tf.constant(t)
    np.testing.assert_allclose(value(name, *tensors, ops=network.ops).numpy(), value(name, z, t), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope(name, *tensors, ops=network.ops).numpy(), slope(name, z, t), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", REGRESSION)
def test_degree_says_how_a_loss_grows_with_the_units(name):
    z, t = case(name)
    grown = value(name, 40.0 * z, 40.0 * t)
    np.testing.assert_allclose(grown, 40.0 ** LOSSES[name].degree * value(name, z, t, SETTINGS.scaled(40.0)))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("huge", [1e4, 1e30])
def test_huge_scores_give_no_nan(name, huge):
    z = np.array([[[huge, -huge]], [[-huge, huge]], [[huge, huge]], [[0.0, 0.0]]], np.float32)
    t = np.array([[[1.0, 0.0]]] * 4, np.float32)
    network = Trainer.of(*regression()).network
    tensors = network.tf.constant(z), network.tf.constant(t)
    with np.errstate(over="ignore"):  # the square of 1e30 is infinite in float32, and that is how divergence is seen
        found = value(name, z, t)
        again = value(name, *tensors, ops=network.ops).numpy()
    assert not np.isnan(found).any()
    assert not np.isnan(again).any()
    assert np.isfinite(slope(name, z, t)).all()
    assert np.isfinite(slope(name, *tensors, ops=network.ops).numpy()).all()
    if LOSSES[name].degree == 1:
        assert np.isfinite(found).all()


def test_links_are_those_of_scipy():
    z = np.array([-1000.0, -30.0, -1.0, 0.0, 1.0, 30.0, 1000.0])
    np.testing.assert_allclose(sigmoid(NUMPY_OPS, z), expit(z), rtol=1e-12)
    many = np.stack([z, z[::-1], np.zeros(7)])
    np.testing.assert_allclose(softmax(NUMPY_OPS, many), scipy_softmax(many, axis=1), rtol=1e-12)


def test_defaults_are_offered_where_they_are_the_default():
    assert all(predictor in LOSSES[name].predictors for predictor, name in DEFAULT_LOSS.items())

"""What long training converges to, against the exact solutions of scikit-learn and scipy."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.special import huber
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, QuantileRegressor, Ridge

from algorithms.linear_learner.losses import NUMPY_OPS
from tests.algorithms.linear_learner.fitting import Trainer, binary, multiclass, regression

pytestmark = pytest.mark.slow

OPTIMIZERS = {
    "adam": {"optimizer": "adam", "learning_rate": 0.05},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.03},
    "momentum": {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9},
    "rmsprop": {"optimizer": "rmsprop", "learning_rate": 0.02},
    "adagrad": {"optimizer": "adagrad", "learning_rate": 0.5},
}
EPOCHS = 20


def converged(x, y, *, steps=200, **settings) -> Trainer:
    """Full-batch training with the learning rate falling along the cosine."""
    defaults = {**OPTIMIZERS["adam"], "use_lr_scheduler": True, "epochs": EPOCHS, "lr_scheduler_minimum_lr": 1e-6}
    trainer = Trainer.of(x, y, **{"wd": 0, "l1": 0, **defaults, **settings})
    for epoch in range(EPOCHS):
        trainer.steps(steps, float(epoch))
    return trainer


def test_squared_loss_is_least_squares():
    trainer = converged(*regression())
    expected = LinearRegression().fit(trainer.x, trainer.y)
    np.testing.assert_allclose(trainer.weights[:, 0], expected.coef_, atol=1e-3)
    # unbiased features and label need no bias
    assert trainer.bias[0] == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_weight_decay_is_ridge(settings):
    trainer = converged(*regression(), wd=0.8, **settings)
    expected = Ridge(alpha=0.8 * len(trainer.y) / 2).fit(trainer.x, trainer.y)
    np.testing.assert_allclose(trainer.weights[:, 0], expected.coef_, atol=3e-3)


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_l1_is_the_lasso(settings):
    trainer = converged(*regression(features=8), l1=0.4, **settings)
    expected = Lasso(alpha=0.2, tol=1e-8).fit(trainer.x.astype(np.float64), trainer.y.astype(np.float64)).coef_
    assert 1 <= (expected == 0).sum() <= 7
    found = trainer.weights[:, 0]
    np.testing.assert_array_equal(found == 0, expected == 0)
    np.testing.assert_allclose(found, expected, atol=5e-3)


def test_l1_of_a_classifier_meets_the_stationarity_condition():
    """The gradient is -l1 times the sign of a weight, and at most l1 where the weight is exactly zero."""
    x, y = binary(features=10)
    trainer = converged(x, y, predictor_type="binary_classifier", l1=0.03)
    w = trainer.weights[:, 0]
    probability = 1 / (1 + np.exp(-(trainer.x @ w + trainer.bias[0])))
    gradient = trainer.x.T @ (probability - y) / len(y)
    assert 1 <= (w == 0).sum() <= 9
    np.testing.assert_allclose(gradient[w != 0], -0.03 * np.sign(w[w != 0]), atol=1e-3)
    assert np.abs(gradient[w == 0]).max() <= 0.03 + 1e-3
    expected = LogisticRegression(l1_ratio=1, solver="saga", C=1 / (len(y) * 0.03), tol=1e-6, max_iter=5000).fit(trainer.x, y)
    np.testing.assert_allclose(w, expected.coef_[0], atol=5e-3)
    np.testing.assert_allclose(trainer.bias[0], expected.intercept_[0], atol=5e-3)


@pytest.mark.parametrize("multiplier", [0.2, 7.5, "balanced"])
def test_positive_example_weight_is_a_class_weight(multiplier):
    x, y = binary(positives=0.2)
    trainer = converged(x, y, predictor_type="binary_classifier", positive_example_weight_mult=multiplier, wd=0.01)
    ratio = (y == 0).sum() / (y == 1).sum() if multiplier == "balanced" else multiplier
    # scikit-learn's C counts summed weights, our weight decay their mean
    total = (y == 0).sum() + ratio * (y == 1).sum()
    expected = LogisticRegression(C=1 / (0.01 * total), class_weight={0: 1, 1: ratio}, tol=1e-8).fit(trainer.x, y)
    np.testing.assert_allclose(trainer.weights[:, 0], expected.coef_[0], atol=2e-3)
    np.testing.assert_allclose(trainer.bias[0], expected.intercept_[0], atol=2e-3)


@pytest.mark.parametrize("balance", [False, True])
def test_balancing_classes_is_a_class_weight(balance):
    x, y = multiclass()
    settings = {"predictor_type": "multiclass_classifier", "num_classes": 3, "wd": 0.02}
    trainer = converged(x, y, balance_multiclass_weights=balance, **settings)
    weights = "balanced" if balance else None  # either way they sum to the number of rows
    expected = LogisticRegression(C=1 / (0.02 * len(y)), class_weight=weights, tol=1e-8).fit(trainer.x, y)
    np.testing.assert_allclose(trainer.weights.T, expected.coef_, atol=2e-3)
    # biases count up to a constant
    np.testing.assert_allclose(trainer.bias - trainer.bias.mean(), expected.intercept_ - expected.intercept_.mean(), atol=2e-3)


# Losses without a closed solution: the mean loss must be as small as the exact minimiser's ------------------------------------


def objective(trainer: Trainer) -> float:
    arch = trainer.network.arch
    z = (trainer.x @ trainer.weights + trainer.bias)[:, :, None]
    return float(arch.loss.value(NUMPY_OPS, z, trainer.y[:, None, None], arch.loss_settings).mean())


def test_huber_loss_against_scipy():
    trainer = converged(*regression(noise=5.0), loss="huber_loss", huber_delta=2.0)
    design, delta = np.column_stack([trainer.x, np.ones(len(trainer.y))]), 2.0 / trainer.sample.scaler.label_scale
    best = minimize(lambda w: huber(delta, design @ w - trainer.y).mean(), np.zeros(design.shape[1]), tol=1e-10)
    np.testing.assert_allclose(np.append(trainer.weights[:, 0], trainer.bias), best.x, atol=3e-3)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_quantile_loss_against_scikit_learn(quantile):
    trainer = converged(*regression(noise=5.0), loss="quantile_loss", quantile=quantile)
    expected = QuantileRegressor(quantile=quantile, alpha=0).fit(trainer.x, trainer.y)
    z = expected.predict(trainer.x)
    residual = trainer.y - z
    best = np.maximum(quantile * residual, (quantile - 1) * residual).mean()
    assert objective(trainer) == pytest.approx(best, rel=2e-3)
    below = (trainer.y < trainer.x @ trainer.weights[:, 0] + trainer.bias[0]).mean()
    assert below == pytest.approx(quantile, abs=0.02)


def test_absolute_loss_is_the_median_regression():
    trainer = converged(*regression(noise=5.0), loss="absolute_loss")
    expected = QuantileRegressor(quantile=0.5, alpha=0).fit(trainer.x, trainer.y)
    assert objective(trainer) == pytest.approx(np.abs(trainer.y - expected.predict(trainer.x)).mean(), rel=2e-3)


def test_eps_insensitive_absolute_loss_against_a_linear_program():
    trainer = converged(*regression(noise=5.0), loss="eps_insensitive_absolute_loss", loss_insensitivity=2.0)
    eps, rows = 2.0 / trainer.sample.scaler.label_scale, len(trainer.y)
    design = np.column_stack([trainer.x, np.ones(rows)])
    width, slack = design.shape[1], -np.eye(rows)
    # minimise the mean slack, where |design @ w - y| <= eps + slack
    exact = linprog(
        np.append(np.zeros(width), np.full(rows, 1 / rows)),
        A_ub=np.block([[design, slack], [-design, slack]]),
        b_ub=np.concatenate([trainer.y + eps, eps - trainer.y]),
        bounds=[(None, None)] * width + [(0, None)] * rows,
    )
    assert objective(trainer) == pytest.approx(exact.fun, rel=2e-3)


def test_eps_insensitive_squared_loss_against_scipy():
    trainer = converged(*regression(noise=5.0), loss="eps_insensitive_squared_loss", loss_insensitivity=2.0)
    eps, design = 2.0 / trainer.sample.scaler.label_scale, np.column_stack([trainer.x, np.ones(len(trainer.y))])
    beyond = lambda w: np.maximum(np.abs(design @ w - trainer.y) - eps, 0)  # noqa: E731
    best = minimize(lambda w: (beyond(w) ** 2).mean(), np.zeros(design.shape[1]), tol=1e-12)
    assert objective(trainer) == pytest.approx(best.fun, rel=2e-3)


def test_hinge_loss_against_a_linear_program():
    x, y = binary()
    trainer = converged(x, y, predictor_type="binary_classifier", loss="hinge_loss", margin=0.5)
    rows, side = len(y), 2 * y - 1
    design = np.column_stack([trainer.x, np.ones(rows)]) * side[:, None]
    width = design.shape[1]
    exact = linprog(
        np.append(np.zeros(width), np.full(rows, 1 / rows)),
        A_ub=np.block([[-design, -np.eye(rows)]]),
        b_ub=np.full(rows, -0.5),
        bounds=[(None, None)] * width + [(0, None)] * rows,
    )
    assert objective(trainer) == pytest.approx(exact.fun, rel=3e-3)

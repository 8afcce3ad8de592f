"""Training steps against steps computed by hand, and the ways of taking them against each other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.metrics import log_loss

from algorithms.linear_learner.data import SparseBlock
from algorithms.linear_learner.losses import LOSSES
from algorithms.linear_learner.network import AVERAGED_SHARE, Architecture, Network
from algorithms.linear_learner.rows import Block
from algorithms.linear_learner.setup import Sample
from tests.algorithms.linear_learner.fitting import Trainer, binary, multiclass, regression


def with_architecture(trainer: Trainer, **changes) -> Trainer:
    network = Network(replace(trainer.network.arch, **changes), trainer.network.cluster)
    return replace(trainer, network=network)


def test_one_step_of_gradient_descent():
    x, y = regression(rows=50, features=3)
    trainer = Trainer.of(x, y, optimizer="sgd", learning_rate=0.1, wd=0.5, bias_lr_mult=3, bias_wd_mult=2, init_bias=0.7)
    w, b = trainer.weights[:, 0], trainer.bias[0]
    assert b == pytest.approx(0.7)
    residual = trainer.x @ w + b - trainer.y
    trainer.steps(1)
    np.testing.assert_allclose(trainer.weights[:, 0], w - 0.1 * (2 * trainer.x.T @ residual / 50 + 0.5 * w), rtol=1e-5)
    assert trainer.bias[0] == pytest.approx(b - 0.3 * (2 * residual.mean() + 2 * 0.5 * b), rel=1e-5)


def test_one_step_of_the_proximal_kind():
    x, y = regression(rows=50, features=3)
    trainer = Trainer.of(x, y, optimizer="sgd", learning_rate=0.1, l1=1.2, wd=0)
    w = trainer.weights[:, 0]
    moved = w - 0.1 * 2 * trainer.x.T @ (trainer.x @ w + trainer.bias[0] - trainer.y) / 50
    trainer.steps(1)
    expected = np.sign(moved) * np.maximum(np.abs(moved) - 0.1 * 1.2, 0)
    assert (expected == 0).any()
    np.testing.assert_allclose(trainer.weights[:, 0], expected, rtol=1e-5, atol=1e-8)


def test_step_returns_the_loss_before_it_and_the_rows():
    x, y = regression(rows=50, features=3)
    trainer = Trainer.of(x, y)
    before = ((trainer.x @ trainer.weights[:, 0] + trainer.bias[0] - trainer.y) ** 2).sum()
    tf = trainer.network.tf
    arguments = tf.constant(trainer.x), tf.constant(trainer.y), tf.zeros(1, tf.int32), tf.constant(50), tf.constant(0.0)
    losses, rows = trainer.network.train_dense(*arguments)
    assert losses.numpy() == pytest.approx([before], rel=1e-5)
    assert rows.numpy() == 50


def test_step_returns_the_loss_that_it_minimises():
    x, y = binary()
    trainer = Trainer.of(x, y, predictor_type="binary_classifier", positive_example_weight_mult=9, init_bias=-1)
    z = (trainer.x @ trainer.weights[:, 0] + trainer.bias[0]).astype(np.float64)
    expected = log_loss(y, 1 / (1 + np.exp(-z)), sample_weight=np.where(y == 1, 9, 1))
    tf = trainer.network.tf
    arguments = tf.constant(trainer.x), tf.constant(trainer.y), tf.zeros(1, tf.int32), tf.constant(600), tf.constant(0.0)
    losses, rows = trainer.network.train_dense(*arguments)
    assert losses.numpy() / rows.numpy() == pytest.approx([expected], rel=1e-5)


def test_step_without_rows_changes_nothing():
    x, y = regression(rows=50, features=3)
    trainer = Trainer.of(x, y, optimizer="sgd", wd=0, l1=0)
    before, tf = trainer.weights, trainer.network.tf
    starts = tf.constant([50], tf.int32)
    losses, rows = trainer.network.train_dense(
        tf.constant(trainer.x), tf.constant(trainer.y), starts, tf.constant(50), tf.constant(0.0)
    )
    np.testing.assert_array_equal(trainer.weights, before)
    assert losses.numpy() == rows.numpy() == 0


@pytest.mark.parametrize(("predictor_type", "data"), [("regressor", regression), ("multiclass_classifier", multiclass)])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad", "rmsprop"])
def test_models_trained_together_are_those_trained_alone(optimizer, predictor_type, data):
    outputs = {"num_classes": 3} if predictor_type == "multiclass_classifier" else {}
    together = Trainer.of(*data(), predictor_type=predictor_type, optimizer=optimizer, num_models=32, init_bias=0.5, **outputs)
    candidates, k = together.network.arch.candidates, together.network.arch.outputs
    together.steps(20)
    for model in (5, 31):  # of different rates, weight decays and L1
        alone = with_architecture(together, candidates=[candidates[model]]).steps(20)
        columns = slice(model * k, (model + 1) * k)
        np.testing.assert_allclose(together.weights[:, columns], alone.weights, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(together.bias[columns], alone.bias, rtol=1e-3, atol=1e-5)
    assert len({tuple(column) for column in together.weights.T}) == 32 * k


def sparse_data(occurring: float):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 6)) * (rng.random((64, 6)) < occurring)
    return x.astype(np.float32), (x.sum(axis=1) > 0).astype(np.float32)


@pytest.mark.parametrize(
    ("occurring", "settings"),
    [
        (0.8, {"optimizer": "adam", "wd": 0.01, "l1": 0.003}),  # every feature occurs in every mini-batch
        (0.8, {"optimizer": "rmsprop"}),
        (0.8, {"optimizer": "sgd", "momentum": 0.9, "l1": 0.003}),
        (0.02, {"optimizer": "sgd", "wd": 0, "l1": 0}),  # some occur in none
        (0.02, {"optimizer": "adagrad", "wd": 0, "l1": 0}),
    ],
)
def test_sparse_steps_are_the_dense_ones(occurring, settings):
    x, y = sparse_data(occurring)
    dense = Trainer.of(x, y, predictor_type="binary_classifier", normalize_data=False, unbias_data=False, **settings)
    dense = with_architecture(dense, averaged=False, varies=np.ones(6, bool))
    sparse = with_architecture(dense)
    network, constant = sparse.network, sparse.network.tf.constant
    for start in range(0, 64, 16):
        rows = slice(start, start + 16)
        tf = dense.network.tf
        size = tf.constant(16)
        expected = dense.network.train_dense(
            tf.constant(x[rows]), tf.constant(y[rows]), tf.zeros(1, tf.int32), size, tf.constant(0.0)
        )
        b = SparseBlock.of(csr_array(x[rows]), y[rows])
        assert (len(b.columns) == 6) == (occurring == 0.8)
        arguments = constant(b.indices), constant(b.values), constant(b.columns), constant(b.labels), constant(0.0)
        found = network.train_sparse(*arguments)
        np.testing.assert_allclose(found[0].numpy(), expected[0].numpy(), rtol=1e-5)
        assert found[1].numpy() == 16
    np.testing.assert_allclose(sparse.weights, dense.weights, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(sparse.bias, dense.bias, rtol=1e-4, atol=1e-6)
    assert np.abs(dense.weights).max() > 0.05

    scores = Block(csr_array(x), y).scores(network)
    np.testing.assert_allclose(scores.numpy()[:, 0, 0], x @ sparse.weights[:, 0] + sparse.bias[0], rtol=1e-4, atol=1e-5)


def test_judged_weights_are_the_running_average():
    trainer = Trainer.of(*regression(), optimizer="sgd", learning_rate=0.1)
    average = trainer.network.average.numpy()
    for t in range(1, 40):
        trainer.steps(1)
        average += max(AVERAGED_SHARE, 2 / (t + 1)) * (trainer.weights - average)
    np.testing.assert_allclose(trainer.network.average.numpy(), average, rtol=1e-4, atol=1e-6)
    scores = trainer.network.scores_dense(trainer.network.tf.constant(trainer.x)).numpy()
    expected = trainer.x @ trainer.network.average.numpy() + trainer.network.average_bias.numpy()
    np.testing.assert_allclose(scores[:, :, 0], expected, rtol=1e-4, atol=1e-5)


def test_what_l1_has_made_zero_is_zero_in_what_is_judged():
    trainer = Trainer.of(*regression(), l1=0.5, wd=0, learning_rate=0.1).steps(40)
    zero = trainer.weights == 0
    assert zero.any()
    assert (trainer.network.average.numpy()[zero] != 0).any()
    trainer.network.settle()
    np.testing.assert_array_equal(trainer.network.average.numpy() == 0, zero)


def test_keeping_and_restoring_is_model_by_model():
    trainer = Trainer.of(*regression(), num_models=3).steps(5)
    network = trainer.network
    network.keep(np.array([True, False, True]))
    kept, start = network.average.numpy(), network.best_weights.numpy()
    trainer.steps(5)
    network.keep(np.array([False, False, True]))
    newest = network.average.numpy()
    network.restore_best()
    np.testing.assert_array_equal(network.average.numpy()[:, 0], kept[:, 0])
    np.testing.assert_array_equal(network.average.numpy()[:, 1], start[:, 1])
    np.testing.assert_array_equal(network.average.numpy()[:, 2], newest[:, 2])


def test_training_repeats_itself():
    one, two = (Trainer.of(*regression(), num_models=4).steps(30).weights for _ in range(2))
    np.testing.assert_array_equal(one, two)


# Initial values -------------------------------------------------------------------------------------------------------------


def initial(**settings):
    x = np.random.default_rng(0).normal(size=(50, 2000)).astype(np.float32)
    x[:, 7] = 3.0
    return Trainer.of(x, x[:, 0], **settings)


def test_uniform_start_lies_within_init_scale():
    weights = initial(init_scale=0.5).weights
    assert np.abs(weights).max() == pytest.approx(0.5, rel=0.01)
    assert np.abs(weights).mean() == pytest.approx(0.25, rel=0.05)


def test_normal_start_has_deviation_init_sigma():
    weights = initial(init_method="normal", init_sigma=0.2, init_scale=5).weights
    assert weights.std() == pytest.approx(0.2, rel=0.05)
    assert np.abs(weights).max() > 0.5


def test_a_feature_that_never_varies_has_no_say():
    trainer = initial()
    assert trainer.weights[7] == 0
    assert trainer.steps(20).weights[7] == 0


def test_all_models_start_alike():
    weights = initial(num_models=3).weights
    np.testing.assert_array_equal(weights[:, 0], weights[:, 2])


# What single hyperparameters change -----------------------------------------------------------------------------------------


def test_without_bias_there_is_none():
    trainer = Trainer.of(*regression(), use_bias=False, init_bias=4.0, optimizer="sgd").steps(20)
    assert trainer.bias[0] == 0
    assert not trainer.sample.scaler.mean.any()
    assert trainer.sample.scaler.label_mean == 0


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_bias_learning_rate_is_a_multiple(optimizer):
    x, y = binary()
    slow, fast = (
        Trainer.of(x, y, predictor_type="binary_classifier", optimizer=optimizer, learning_rate=0.01, bias_lr_mult=m).steps(1)
        for m in (1, 5)
    )
    np.testing.assert_array_equal(slow.weights, fast.weights)
    assert fast.bias == pytest.approx(5 * slow.bias, rel=1e-4)


def test_weight_decay_spares_the_bias_unless_told():
    x, y = binary(positives=0.1)
    spared, decayed = (
        Trainer.of(x, y, predictor_type="binary_classifier", wd=5, l1=0, optimizer="sgd", learning_rate=0.1, **more).steps(500)
        for more in ({}, {"bias_wd_mult": 1})
    )
    # weights that hardly count leave the log odds to the bias
    assert spared.bias[0] < -2.0
    assert -0.2 < decayed.bias[0] < 0


@pytest.mark.parametrize(
    ("optimizer", "settings"), [("sgd", {"momentum": 0.9}), ("adam", {"beta_1": 0.5}), ("adam", {"beta_2": 0.5})]
)
def test_optimizer_settings_arrive(optimizer, settings):
    plain = Trainer.of(*regression(), optimizer=optimizer).steps(5).weights
    assert not np.allclose(plain, Trainer.of(*regression(), optimizer=optimizer, **settings).steps(5).weights, rtol=1e-3)


def test_schedule_with_a_step_slows_down():
    settings = {"optimizer": "sgd", "learning_rate": 0.01, "use_lr_scheduler": True, "wd": 0, "l1": 0}
    trainer = Trainer.of(*regression(), lr_scheduler_step=3, lr_scheduler_factor=0.01, lr_scheduler_minimum_lr=1e-3, **settings)
    moves = []
    for _ in range(7):
        before = trainer.weights
        gradient = 2 * trainer.x.T @ (trainer.x @ before[:, 0] + trainer.bias[0] - trainer.y) / len(trainer.y)
        trainer.steps(1)
        moves.append((before - trainer.weights)[:, 0] / gradient)
    expected = [0.01] * 3 + [1e-3] * 4
    np.testing.assert_allclose(np.median(moves, axis=1), expected, rtol=0.02)


def test_auto_schedule_follows_the_epoch():
    settings = {"optimizer": "sgd", "learning_rate": 0.01, "use_lr_scheduler": True, "epochs": 4}
    first, third = (Trainer.of(*regression(), **settings).steps(1, epoch) for epoch in (0.0, 2.0))
    start = Trainer.of(*regression(), **settings).weights
    np.testing.assert_allclose(third.weights - start, (first.weights - start) / 2, rtol=1e-3, atol=1e-6)


def test_a_million_features_are_not_made_dense():
    """Gradients and scores touch the columns that occur; the memory is that of the weights."""
    width = 1_000_000
    x = csr_array((np.ones(3, np.float32), ([0, 1, 1], [5, 5, 999_999])), shape=(2, width))
    arch = Trainer.of(*binary(), predictor_type="binary_classifier", optimizer="sgd", learning_rate=1, wd=0, l1=0).network.arch
    network = Network(replace(arch, varies=np.zeros(width, bool), averaged=False), Trainer.of(*binary()).network.cluster)
    constant, b = network.tf.constant, SparseBlock.of(x, np.array([1.0, 0.0], np.float32))
    network.train_sparse(constant(b.indices), constant(b.values), constant(b.columns), constant(b.labels), constant(0.0))
    weights = network.weights.numpy()[:, 0]
    # slopes at score 0 are -1/2 and 1/2, divided by two rows
    assert weights[5] == pytest.approx(0.0)
    assert weights[999_999] == pytest.approx(-0.25)
    assert np.count_nonzero(weights) <= 2


def test_architecture_holds_what_was_declared():
    trainer = Trainer.of(*multiclass(), predictor_type="multiclass_classifier", num_classes=3, loss="hinge_loss", margin=2)
    arch = trainer.network.arch
    assert isinstance(arch, Architecture)
    assert isinstance(trainer.sample, Sample)
    assert arch.loss is LOSSES["hinge_loss"]
    assert (arch.outputs, arch.loss_settings.margin) == (3, 2.0)

"""Update rules against Keras's optimizers, and the learning-rate schedules."""

import numpy as np
import pytest

from algorithms.linear_learner.optimizers import OPTIMIZERS, CosineSchedule, StepSchedule
from algorithms.training.tensorflow import import_tensorflow

SETTINGS = {
    "sgd": [{}, {"momentum": 0.8}],
    "adam": [{}, {"beta_1": 0.5}, {"beta_2": 0.7}],
    "adagrad": [{}],
    "rmsprop": [{}],
}


def keras_optimizer(name, rate, settings):
    keras = import_tensorflow().keras
    if name == "adam":
        return keras.optimizers.Adam(rate, epsilon=1e-8, **settings)
    if name == "adagrad":
        return keras.optimizers.Adagrad(rate, initial_accumulator_value=0.0, epsilon=1e-12)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(rate, rho=0.9, epsilon=1e-12)
    return keras.optimizers.SGD(rate, **settings)


@pytest.mark.parametrize(("name", "settings"), [(name, settings) for name, many in SETTINGS.items() for settings in many])
def test_each_takes_the_steps_that_keras_takes(name, settings):
    tf = import_tensorflow()
    rng = np.random.default_rng(0)
    rates = np.array([0.1, 0.003], np.float32)
    start = rng.normal(size=(4, 2)).astype(np.float32)
    gradients = rng.normal(size=(12, 4, 2)).astype(np.float32)

    optimizer = OPTIMIZERS[name](tf, **settings)
    w = tf.constant(start)
    state = [tf.zeros_like(w) for _ in range(optimizer.slots)]
    for t, gradient in enumerate(gradients, start=1):
        w, pace, state = optimizer.step(w, tf.constant(gradient), state, tf.constant(rates), tf.constant(float(t)))
        assert pace.shape == w.shape

    for column, rate in enumerate(rates):  # Keras knows one learning rate
        theirs = tf.Variable(start[:, column])
        peer = keras_optimizer(name, float(rate), settings)
        for gradient in gradients:
            peer.apply([tf.constant(gradient[:, column])], [theirs])
        np.testing.assert_allclose(w.numpy()[:, column], theirs.numpy(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("settings", [{}, {"momentum": 0.8}])
def test_pace_is_what_a_steady_unit_of_gradient_moves_a_weight(name, settings):
    if settings and name != "sgd":
        settings = {"beta_1": 0.5} if name == "adam" else {}
    tf = import_tensorflow()
    optimizer = OPTIMIZERS[name](tf, **settings)
    w, g, rate = tf.zeros((1, 1)), tf.ones((1, 1)), tf.constant([0.01])
    state = [tf.zeros_like(w) for _ in range(optimizer.slots)]
    for t in range(1, 200):
        before = w
        w, pace, state = optimizer.step(w, g, state, rate, tf.constant(float(t)))
    assert (before - w).numpy().item() == pytest.approx(pace.numpy().item(), rel=1e-3)


def rates(schedule, rate, steps=0, epoch=0.0):
    tf = import_tensorflow()
    return schedule.apply(tf, tf.constant([rate], tf.float32), tf.constant(steps, tf.int64), tf.constant(epoch)).numpy().item()


def test_step_schedule_multiplies_every_so_many_steps():
    schedule = StepSchedule(step=10, factor=0.5, minimum_lr=0.001)
    assert [rates(schedule, 0.1, steps) for steps in (0, 9, 10, 19, 20)] == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025])
    assert rates(schedule, 0.1, 10**6) == pytest.approx(0.001)
    assert rates(schedule, 0.0001, 10**6) == pytest.approx(0.0001)


def test_cosine_schedule_falls_over_the_epochs():
    schedule = CosineSchedule(epochs=10, minimum_lr=0.001)
    assert rates(schedule, 0.2, epoch=0.0) == pytest.approx(0.2)
    assert rates(schedule, 0.2, epoch=5.0) == pytest.approx(0.1)
    assert rates(schedule, 0.2, epoch=2.5) == pytest.approx(0.2 * (1 + np.sqrt(0.5)) / 2)
    assert rates(schedule, 0.2, epoch=10.0) == pytest.approx(0.001)
    assert rates(schedule, 0.0001, epoch=9.9) == pytest.approx(0.0001)

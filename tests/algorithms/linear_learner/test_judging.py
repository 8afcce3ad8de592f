"""Who wins: losses, thresholds and the verdict computed directly."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss

from algorithms.linear_learner.judging import Jury, jury_of
from algorithms.linear_learner.progress import Progress
from algorithms.linear_learner.rows import Block
from algorithms.linear_learner.selection import Criterion
from algorithms.training.table import Table
from containers.batch import Batch
from tests.algorithms.linear_learner.fitting import Trainer, binary, multiclass, regression

ALL = 10**9


def trained(*data, steps=20, **settings) -> Trainer:
    trainer = Trainer.of(*data, num_models=6, **settings)
    trainer.steps(steps)
    trainer.network.settle()
    return trainer


def jury(trainer, calibration=ALL) -> Jury:
    pieces = [slice(0, 100), slice(100, 350), slice(350, None)]
    return Jury(trainer.network, [Block(trainer.x[piece], trainer.y[piece]) for piece in pieces], calibration)


def scores(trainer):
    """shape: (rows, models * outputs)"""
    return trainer.x @ trainer.network.average.numpy() + trainer.network.average_bias.numpy()


def test_losses_are_means_over_all_rows():
    trainer = trained(*regression())
    expected = ((scores(trainer) - trainer.y[:, None]) ** 2).mean(axis=0)
    np.testing.assert_allclose(jury(trainer).losses(), expected, rtol=1e-4)


@pytest.mark.parametrize("multiplier", [1.0, 8.0, "auto"])
def test_losses_of_weighted_positives_are_what_training_minimises(multiplier):
    x, y = binary()
    trainer = trained(x, y, predictor_type="binary_classifier", positive_example_weight_mult=multiplier, learning_rate=0.1)
    ratios = [candidate.positive_weight for candidate in trainer.network.arch.candidates]
    found = jury(trainer).losses()
    for model, ratio in enumerate(ratios):
        probability = 1 / (1 + np.exp(-scores(trainer)[:, model].astype(np.float64)))
        expected = log_loss(y, probability, sample_weight=np.where(y == 1, ratio, 1))
        assert found[model] == pytest.approx(expected, rel=1e-4)


def test_losses_of_balanced_classes_are_what_training_minimises():
    x, y = multiclass()
    settings = {"predictor_type": "multiclass_classifier", "num_classes": 3, "balance_multiclass_weights": True}
    trainer = trained(x, y, **settings)
    z = scores(trainer).reshape(len(y), 6, 3).astype(np.float64)
    weights = (len(y) / 3 / np.bincount(y.astype(int)))[y.astype(int)]
    for model, found in enumerate(jury(trainer).losses()):
        e = np.exp(z[:, model])
        assert found == pytest.approx(log_loss(y, e / e.sum(axis=1, keepdims=True), sample_weight=weights), rel=1e-4)


@pytest.mark.parametrize("budget", [1, ALL])
@pytest.mark.parametrize("calibration", [37, ALL])
def test_validation_channel_is_judged_whole_whatever_thresholds_are_chosen_on(budget, calibration):
    x, y = binary()
    trainer = trained(x, y, predictor_type="binary_classifier")

    def read(number):
        for start in range(0, len(y), 50):
            yield Batch(x[start : start + 50].copy(), y[start : start + 50].copy())

    table = Table(read, budget).load()
    found = jury_of(trainer.network, table, trainer.sample.scaler, False, calibration)
    for _ in range(2):
        np.testing.assert_allclose(found.losses(), jury(trainer).losses(), rtol=1e-5)
    assert max(len(block.y) for block in found.sample) > 37
    criterion = Criterion("accuracy")
    _, values = found.calibrated(criterion, trainer.network.arch.loss)
    rows = min(calibration, sum(len(block.y) for block in found.sample))
    np.testing.assert_allclose(values * rows, np.round(values * rows), atol=1e-6)
    if calibration == 37:
        head = np.concatenate([block.scores(trainer.network).numpy()[:, 0, 0] for block in found.sample])[:37]
        truth = np.concatenate([block.y for block in found.sample])[:37]
        assert values[0] == pytest.approx(max(accuracy_score(truth, head > cut) for cut in [-np.inf, *head]))


@pytest.mark.parametrize("metric", ["accuracy", "f_beta"])
def test_verdict_is_brute_forces(metric):
    x, y = binary()
    trainer = trained(x, y, predictor_type="binary_classifier", learning_rate=0.02)
    judges, loss = jury(trainer), trainer.network.arch.loss
    verdict = judges.verdict(Criterion(metric), loss, judges.losses(), binary=True)
    worth = {
        "accuracy": lambda true, said: (said == true).mean(),
        "f_beta": lambda true, said: 2 * (said & (true == 1)).sum() / (said.sum() + true.sum()),
    }[metric]
    probability = 1 / (1 + np.exp(-scores(trainer)))
    best = [max(worth(y, p > cut) for cut in [-np.inf, *p]) for p in probability.T]
    assert best[verdict.model] == pytest.approx(max(best))
    assert worth(y, probability[:, verdict.model] > verdict.threshold) == pytest.approx(max(best))
    assert sorted(verdict.ranking) == list(range(6))
    assert verdict.ranking[0] == verdict.model
    ranked = np.array(best)[verdict.ranking]
    assert (np.diff(ranked) <= 1e-9).all()


def test_verdict_by_loss_leaves_the_natural_threshold():
    for loss, threshold in {"logistic": 0.5, "hinge_loss": 0.0, "absolute_loss": 0.5}.items():
        trainer = trained(*binary(), predictor_type="binary_classifier", loss=loss)
        judges = jury(trainer)
        verdict = judges.verdict(Criterion("loss_function"), trainer.network.arch.loss, judges.losses(), binary=True)
        assert verdict.model == judges.losses().argmin()
        assert verdict.threshold == threshold


def test_verdict_of_a_regressor_is_the_smallest_loss():
    trainer = trained(*regression())
    judges = jury(trainer)
    verdict = judges.verdict(Criterion("loss_function"), trainer.network.arch.loss, judges.losses(), binary=False)
    assert verdict.ranking.tolist() == judges.losses().argsort().tolist()


def test_model_that_diverged_does_not_win():
    trainer = trained(*binary(), predictor_type="binary_classifier")
    weights = trainer.network.average.numpy()
    weights[:, 0] = np.nan
    trainer.network.average.assign(weights)
    judges = jury(trainer)
    losses = judges.losses()
    assert np.isnan(losses[0])
    assert np.isfinite(losses[1:]).all()
    for name in ("accuracy", "loss_function"):
        assert judges.verdict(Criterion(name), trainer.network.arch.loss, losses, binary=True).model != 0


# Early stopping -------------------------------------------------------------------------------------------------------------


def waits(values, tolerance):
    progress = Progress(np.zeros(1))
    return [(progress.improves(value, tolerance), progress.waited)[1] for value in values]


def test_improvement_is_relative_to_the_best():
    assert waits([-10.0, -9.9, -9.0, -8.95, -8.0], 0.05) == [0, 1, 0, 1, 0]
    assert waits([0.5, 0.52, 0.55], 0.05) == [0, 1, 0]


def test_small_improvements_add_up():
    assert waits([-10.0, -9.8, -9.6, -9.4], 0.05) == [0, 1, 2, 0]


def test_what_stays_at_zero_does_not_improve():
    assert waits([0.0, 0.0, 0.0, 0.1], 0.001) == [0, 1, 2, 0]


@pytest.mark.parametrize("value", [-np.inf, np.nan])
def test_what_has_diverged_does_not_improve(value):
    assert waits([-1.0, value, value], 0.001) == [0, 1, 2]

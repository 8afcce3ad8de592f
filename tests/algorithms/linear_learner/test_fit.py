"""Whole trainings in this process: what is published, and that every hyperparameter has a say in it."""

import logging
import re

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, mean_squared_error, roc_auc_score

from algorithms.linear_learner.hyperparameters import LinearLearnerHyperparameters
from algorithms.linear_learner.losses import LOSSES
from containers.errors import UserError
from tests.algorithms.linear_learner.fitting import binary, fit, multiclass, parse, regression

DATA = {"regressor": regression, "binary_classifier": binary, "multiclass_classifier": multiclass}
CLASSES = {"regressor": {}, "binary_classifier": {}, "multiclass_classifier": {"num_classes": 3}}
PAIRS = [(predictor, name) for name, loss in LOSSES.items() for predictor in loss.predictors]
IMPOSSIBLE = [(predictor, name) for name in LOSSES for predictor in DATA if (predictor, name) not in PAIRS]


# Losses and predictor types -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("predictor_type", "loss"), PAIRS)
def test_every_possible_pair_learns(tmp_path, predictor_type, loss):
    x, y = DATA[predictor_type]()
    settings = {"num_models": 4, "epochs": 8, "predictor_type": predictor_type, **CLASSES[predictor_type]}
    fitted = fit(tmp_path, (x, y), loss=loss, **settings)
    if predictor_type == "regressor":
        assert ((fitted.scores(x) - y) ** 2).mean() < 0.1 * y.var()
        return
    assert accuracy_score(y, fitted.said(x)) > 0.7  # the largest class has 0.7 and 0.5
    assert fitted.scores(x).shape == ((len(y), 3) if predictor_type == "multiclass_classifier" else (len(y),))
    if loss in ("logistic", "softmax_loss"):
        assert fitted.scores(x).min() >= 0
        assert fitted.scores(x).max() <= 1
    if loss == "softmax_loss":
        np.testing.assert_allclose(fitted.scores(x).sum(axis=1), 1, rtol=1e-5)
    if loss == "hinge_loss":
        assert fitted.scores(x).min() < -1  # margins, no probabilities


@pytest.mark.parametrize(("predictor_type", "loss"), IMPOSSIBLE)
def test_impossible_pairs_are_refused_with_the_possible_ones(predictor_type, loss):
    with pytest.raises(UserError) as refused:
        parse(predictor_type, loss=loss, **CLASSES[predictor_type])
    message = str(refused.value)
    assert f"'{loss}' is not possible for predictor_type '{predictor_type}'" in message
    assert all(name in message for other, name in PAIRS if other == predictor_type)


# What is published ----------------------------------------------------------------------------------------------------------


def test_metrics_are_those_of_the_published_model(tmp_path):
    x, y = regression()
    fitted = fit(tmp_path, (x[:250], y[:250]), validation=(x[250:330], y[250:330]), test=(x[330:], y[330:]), epochs=3)
    for name, rows in {"train": slice(0, 250), "validation": slice(250, 330), "test": slice(330, None)}.items():
        scores = fitted.scores(x[rows])
        assert fitted.metric(f"{name}:mse") == pytest.approx(mean_squared_error(y[rows], scores), rel=1e-4)
        assert fitted.metric(f"{name}:objective_loss") == pytest.approx(mean_squared_error(y[rows], scores), rel=1e-4)
        assert fitted.metric(f"{name}:absolute_loss") == pytest.approx(mean_absolute_error(y[rows], scores), rel=1e-4)
    # the losses of the epochs are in the same units, and the best of them is published
    assert min(fitted.epochs("validation:objective_loss")) == pytest.approx(fitted.metric("validation:mse"), rel=1e-3)


def test_metrics_of_a_classifier_are_those_of_the_published_model(tmp_path):
    x, y = binary()
    fitted = fit(tmp_path, (x[:400], y[:400]), test=(x[400:], y[400:]), epochs=3, predictor_type="binary_classifier")
    scores, said = fitted.scores(x[400:]), fitted.said(x[400:])
    assert fitted.metric("test:binary_classification_accuracy") == pytest.approx(accuracy_score(y[400:], said))
    assert fitted.metric("test:roc_auc_score") == pytest.approx(roc_auc_score(y[400:], scores))
    best = max(accuracy_score(y[:400], fitted.scores(x[:400]) > cut) for cut in np.unique(fitted.scores(x[:400])))
    assert fitted.metric("train:binary_classification_accuracy") == pytest.approx(best, abs=0.0051)


def test_columns_of_any_units_are_learnt(tmp_path):
    """Timestamps, tiny numbers and a column that never changes."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2000, 3))
    x = np.column_stack([1.6e9 + 1e5 * z[:, 0], 1e-6 * z[:, 1], np.full(2000, 42.0), z[:, 2]]).astype(np.float32)
    y = (1e6 + 300 * z @ [1, 2, 3] + rng.normal(size=2000)).astype(np.float32)
    fitted = fit(tmp_path, (x, y))
    assert ((fitted.scores(x) - y) ** 2).mean() < 0.001 * y.var()
    assert fitted.weights[2] == 0


@pytest.mark.parametrize("quantile", [0.1, 0.8])
def test_quantile_is_the_share_of_labels_below(tmp_path, quantile):
    x, y = regression(rows=2000, noise=5.0)
    fitted = fit(tmp_path, (x, y), loss="quantile_loss", quantile=quantile)
    assert (y < fitted.scores(x)).mean() == pytest.approx(quantile, abs=0.03)


def test_sparse_features_are_learnt(tmp_path):
    rng = np.random.default_rng(0)
    x = (rng.random((3000, 60)) < rng.uniform(0.02, 0.3, 60)).astype(np.float32)
    margin = x @ rng.normal(scale=2, size=60)
    y = (margin + rng.logistic(size=3000) > np.median(margin)).astype(np.float32)
    fitted = fit(tmp_path, (csr_array(x[:2000]), y[:2000]), predictor_type="binary_classifier")
    peer = LogisticRegression().fit(x[:2000], y[:2000])
    found = roc_auc_score(y[2000:], fitted.scores(x[2000:]))
    assert found > roc_auc_score(y[2000:], peer.decision_function(x[2000:])) - 0.005
    np.testing.assert_allclose(fitted.scores(csr_array(x)), fitted.scores(x), rtol=1e-5)


@pytest.mark.slow
def test_streamed_data_train_as_good_a_model(tmp_path):
    x, y = binary(rows=30_000)
    settings = {"predictor_type": "binary_classifier", "epochs": 4, "validation": (x[25_000:], y[25_000:])}
    kept = fit(tmp_path / "kept", (x[:25_000], y[:25_000]), **settings)
    streamed = fit(tmp_path / "streamed", (x[:25_000], y[:25_000]), cache_megabytes=0, **settings)
    for name in ("validation:roc_auc_score", "validation:binary_classification_accuracy"):
        assert streamed.metric(name) == pytest.approx(kept.metric(name), abs=0.005)


@pytest.mark.parametrize("weight", [100, 0.01])
@pytest.mark.parametrize("validation", [False, True])
def test_weight_of_positives_is_in_what_is_published(tmp_path, weight, validation):
    """The weighted optimum has a larger plain loss than the start: it must not be mistaken for a worse model."""
    x, y = binary(rows=4000, positives=0.5)
    settings = {"positive_example_weight_mult": weight, "num_models": 1, "epochs": 30, "wd": 0, "l1": 0}
    held_out = (x, y) if validation else None
    criterion = "loss_function"
    fitted = fit(
        tmp_path, (x, y), validation=held_out, predictor_type="binary_classifier",
        binary_classifier_model_selection_criteria=criterion, early_stopping_patience=30, **settings,
    )  # fmt: skip
    expected = LogisticRegression(C=1e6, class_weight={0: 1, 1: weight}).fit(x, y)
    assert fitted.bias == pytest.approx(expected.intercept_[0], abs=0.25)
    np.testing.assert_allclose(fitted.weights, expected.coef_[0], atol=0.25)


def test_model_that_diverges_is_no_model(tmp_path):
    with pytest.raises(UserError, match=r"diverges.*learning_rate"):
        fit(tmp_path, regression(), optimizer="sgd", learning_rate=1e30, num_models=1, epochs=3)
    assert not (tmp_path / "model").exists() or not list((tmp_path / "model").iterdir())


def test_one_of_many_that_diverges_does_no_harm(tmp_path):
    x, y = regression()
    fitted = fit(tmp_path, (x, y), optimizer="sgd", learning_rate=0.3, num_models=8, epochs=5)  # up to 3
    assert np.isfinite(fitted.weights).all()
    assert ((fitted.scores(x) - y) ** 2).mean() < 0.1 * y.var()


# Early stopping -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("patience", [1, 4])
def test_patience_is_in_epochs(tmp_path, patience):
    fitted = fit(tmp_path, regression(), num_models=1, early_stopping_tolerance=0.999999, early_stopping_patience=patience)
    assert len(fitted.epochs("train:objective_loss")) == 1 + patience


def test_tolerance_is_what_counts_as_better(tmp_path):
    settings = {"num_models": 1, "early_stopping_patience": 1, "learning_rate": 0.001}  # gets better slowly
    short, long = (
        fit(tmp_path / str(tolerance), regression(), early_stopping_tolerance=tolerance, **settings)
        for tolerance in (0.9, 1e-9)
    )
    assert len(short.epochs("train:objective_loss")) == 2
    assert len(long.epochs("train:objective_loss")) == 15


@pytest.mark.parametrize(
    ("validation", "criterion", "watched"),
    [
        (True, "accuracy", "sampled_accuracy"),
        (True, "f_beta", "sampled_f_beta"),
        (True, "loss_function", "binary_classification_cross_entropy_objective"),
        (False, "accuracy", "binary_classification_cross_entropy_objective"),
    ],
)
def test_what_early_stopping_watches(tmp_path, caplog, validation, criterion, watched):
    x, y = binary()
    held_out = (x[400:], y[400:]) if validation else None
    settings = {"predictor_type": "binary_classifier", "binary_classifier_model_selection_criteria": criterion}
    with caplog.at_level(logging.INFO):
        fitted = fit(tmp_path, (x[:400], y[:400]), validation=held_out, epochs=2, num_models=2, **settings)
    found = re.findall(r"#early_stopping_criteria_metric: host=algo-1, epoch=(\d), criteria=(\S+), value=(\S+)", caplog.text)
    assert [(epoch, name) for epoch, name, _ in found] == [("0", watched), ("1", watched)]
    value = float(found[-1][2])
    if watched == "sampled_accuracy":
        assert value == pytest.approx(fitted.metric("validation:binary_classification_accuracy"), abs=0.03)
    elif criterion != "f_beta":
        channel = "validation" if validation else "train"
        assert value <= fitted.epochs(f"{channel}:objective_loss")[-1] * (1 + 1e-6)


# Every hyperparameter has a say ---------------------------------------------------------------------------------------------

REGRESSOR = {"data": regression, "predictor_type": "regressor"}
BINARY = {"data": binary, "predictor_type": "binary_classifier"}
MULTICLASS = {"data": multiclass, "predictor_type": "multiclass_classifier", "num_classes": 4}
SCHEDULE = {**REGRESSOR, "lr_scheduler_step": 5, "lr_scheduler_factor": 0.5}
#: Hyperparameter, another value for it, and the training in which it must make a difference.
CASES = [
    ("predictor_type", "regressor", BINARY),
    ("num_classes", 5, MULTICLASS),
    ("accuracy_top_k", 1, MULTICLASS),
    ("balance_multiclass_weights", True, MULTICLASS),
    ("beta_1", 0.5, REGRESSOR),
    ("beta_2", 0.5, REGRESSOR),
    ("bias_lr_mult", 7, BINARY),
    ("bias_wd_mult", 5, {**BINARY, "wd": 0.5}),
    ("binary_classifier_model_selection_criteria", "f_beta", BINARY),
    ("binary_classifier_model_selection_criteria", "loss_function", BINARY),
    ("early_stopping_patience", 1, {**REGRESSOR, "early_stopping_tolerance": 0.999}),
    ("early_stopping_tolerance", 0.999, {**REGRESSOR, "early_stopping_patience": 1}),
    ("epochs", 1, REGRESSOR),
    ("f_beta", 5, {**BINARY, "binary_classifier_model_selection_criteria": "f_beta"}),
    ("f_beta", 5, MULTICLASS),
    ("huber_delta", 0.1, {**REGRESSOR, "loss": "huber_loss"}),
    ("init_bias", 1.0, BINARY),
    ("init_method", "normal", {**REGRESSOR, "init_sigma": 1.0}),
    ("init_scale", 1.0, REGRESSOR),
    ("init_sigma", 1.0, {**REGRESSOR, "init_method": "normal"}),
    ("l1", 0.1, REGRESSOR),
    ("learning_rate", 0.01, REGRESSOR),
    ("loss", "absolute_loss", REGRESSOR),
    ("loss_insensitivity", 3.0, {**REGRESSOR, "loss": "eps_insensitive_squared_loss"}),
    ("loss_insensitivity", 3.0, {**REGRESSOR, "loss": "eps_insensitive_absolute_loss"}),
    ("lr_scheduler_factor", 0.9, SCHEDULE),
    ("lr_scheduler_minimum_lr", 0.05, SCHEDULE),
    ("lr_scheduler_step", 2, SCHEDULE),
    ("margin", 0.1, {**BINARY, "loss": "hinge_loss"}),
    ("mini_batch_size", 23, REGRESSOR),
    ("momentum", 0.9, {**REGRESSOR, "optimizer": "sgd"}),
    ("normalize_data", False, REGRESSOR),
    ("normalize_label", False, REGRESSOR),
    ("num_calibration_samples", 20, BINARY),
    ("num_calibration_samples", 20, {**BINARY, "judged_on_train": True}),
    ("num_models", 8, REGRESSOR),
    ("num_point_for_scaler", 10, REGRESSOR),
    ("optimizer", "rmsprop", REGRESSOR),
    ("positive_example_weight_mult", 5, BINARY),
    ("quantile", 0.9, {**REGRESSOR, "loss": "quantile_loss"}),
    ("target_precision", 0.99, {**BINARY, "binary_classifier_model_selection_criteria": "recall_at_target_precision"}),
    ("target_recall", 0.99, {**BINARY, "binary_classifier_model_selection_criteria": "precision_at_target_recall"}),
    ("unbias_data", False, REGRESSOR),
    ("unbias_label", False, REGRESSOR),
    ("use_bias", False, REGRESSOR),
    ("use_lr_scheduler", False, REGRESSOR),
    ("wd", 0.5, REGRESSOR),
    ("force_dense", True, {**BINARY, "sparse": True}),
]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """All that a short training publishes, as something that compares; remembered."""
    known = {}

    def train(*, data, sparse=False, judged_on_train=False, **settings):
        key = (data, sparse, judged_on_train, *sorted(settings.items()))
        if key not in known:
            x, y = data()
            x = csr_array(np.where(x > 0.5, x, 0)) if sparse else x
            defaults = {"num_models": 1, "epochs": 4, "mini_batch_size": 50, "learning_rate": 0.1, "l1": 0, "wd": 0}
            root = tmp_path_factory.mktemp("job")
            validation = None if judged_on_train else (x[::2], y[::2])
            fitted = fit(root, (x, y), validation=validation, **{**defaults, **settings})
            found = fitted.model.description
            weights = np.append(fitted.model.weights.ravel(), fitted.model.bias).round(6).tolist()
            known[key] = (weights, found.threshold, found.metrics, fitted.epochs("train:objective_loss"))
        return known[key]

    return train


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value", "base"), CASES, ids=[f"{name}={value}" for name, value, _ in CASES])
def test_every_hyperparameter_makes_a_difference(outcome, name, value, base):
    assert outcome(**base) != outcome(**{**base, name: value})


def test_every_hyperparameter_is_tried():
    declared = {declaration.name for declaration in LinearLearnerHyperparameters.declared()}
    assert declared - {name for name, _, _ in CASES} == {"feature_dim"}


def test_feature_dim_is_checked(tmp_path):
    with pytest.raises(UserError, match="6"):
        fit(tmp_path, regression(features=5), feature_dim=6)


@pytest.mark.parametrize("legacy", [("f1", "f_beta"), ("cross_entropy_loss", "loss_function")])
def test_legacy_criteria_are_the_new_ones(legacy):
    old, new = (parse("binary_classifier", binary_classifier_model_selection_criteria=name) for name in legacy)
    assert old.criterion == new.criterion == legacy[1]
    assert parse("binary_classifier", binary_classifier_model_selection_criteria="f1", f_beta=3).beta == 1.0
    assert parse("binary_classifier", binary_classifier_model_selection_criteria="f_beta", f_beta=3).beta == 3.0


def test_tuning_trains_one_model(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        x, y = regression()
        fit(tmp_path, (x, y), validation=(x, y), tuning="validation:mse", num_models=8, epochs=1)
    assert set(re.findall(r'"model":(\d+)', caplog.text)) == {"0"}

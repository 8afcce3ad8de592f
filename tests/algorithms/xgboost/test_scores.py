"""Our metrics are scikit-learn's, with weights, in shares, and where there is nothing to divide by."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
import sklearn.metrics as known

from algorithms.xgboost.metrics import METRICS
from algorithms.xgboost.scores import OF_CLASSES, OF_ERRORS, Scores, predicted_classes


def theirs(name: str, true, said, weights):
    """The same metric by scikit-learn."""
    if name in OF_ERRORS:
        return {"mse": known.mean_squared_error, "r2": known.r2_score}[name](true, said, sample_weight=weights)
    if name == "f1":
        name = "f1_macro"
    base, _, average = name.partition("_")
    if name in ("accuracy", "balanced_accuracy"):
        return getattr(known, f"{name}_score")(true, said, sample_weight=weights)
    return getattr(known, f"{base}_score")(true, said, average=average or "binary", sample_weight=weights, zero_division=0)


def scores(names, objective, classes, labels, weights=(), total=lambda array: array) -> Scores:
    return Scores(names, objective, classes, np.asarray(labels, np.float32), np.asarray(weights, np.float32), total)


def test_all_that_xgboost_lacks_are_here():
    assert {name for name, metric in METRICS.items() if metric.ours} == {*OF_CLASSES, *OF_ERRORS}


BINARY_ONLY = {"precision", "recall", "f1_binary"}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("name", "classes"), [(name, 2) for name in OF_CLASSES] + [(name, 5) for name in OF_CLASSES if name not in BINARY_ONLY]
)
@pytest.mark.filterwarnings("ignore:y_pred contains classes")
def test_classes(name, classes, weighted):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 300).astype(np.float32)
    predictions = rng.dirichlet(np.ones(classes), 300).astype(np.float32)
    if classes == 5:  # one class is never meant, another never said, a third neither
        labels[labels == 4], predictions[:, 3], labels[labels == 2], predictions[:, 2] = 0, 0, 1, 0
    weights = rng.uniform(0.1, 3, 300).astype(np.float32) if weighted else np.ones(300, np.float32)
    objective = "multi:softprob" if classes == 5 else "binary:logistic"
    given = predictions if classes == 5 else predictions[:, 1]
    (value,) = scores([name], objective, classes, labels, weights if weighted else ()).values(given).values()
    assert value == pytest.approx(theirs(name, labels, predictions.argmax(axis=1), weights), abs=1e-12)


@pytest.mark.parametrize("name", [*OF_ERRORS])
@pytest.mark.parametrize("mean", [0, 1e6])
def test_errors(name, mean):
    rng = np.random.default_rng(1)
    labels = (rng.normal(size=300) + mean).astype(np.float32)
    predictions = (labels + rng.normal(size=300)).astype(np.float32)
    weights = rng.uniform(0.1, 3, 300).astype(np.float32)
    (value,) = scores([name], "reg:squarederror", 2, labels, weights).values(predictions).values()
    assert value == pytest.approx(theirs(name, labels.astype(float), predictions.astype(float), weights), rel=1e-9)


@pytest.mark.parametrize("name", [*OF_CLASSES])
def test_nobody_is_said_to_be_positive(name):
    labels, predictions = np.array([1, 0, 1], np.float32), np.zeros(3, np.float32)
    (value,) = scores([name], "binary:logistic", 2, labels).values(predictions).values()
    assert value == pytest.approx(theirs(name, labels, predictions, None))


def test_several_hosts_have_the_value_of_one_with_all_rows():
    rng = np.random.default_rng(2)
    names = [*OF_CLASSES, *OF_ERRORS]
    labels, predictions = rng.integers(0, 2, 100).astype(np.float32), rng.random(100).astype(np.float32)
    alone = scores(names, "binary:logistic", 2, labels).values(predictions)
    shards = [slice(0, 30), slice(30, 100), slice(0, 0)]
    handed, meeting = [None] * len(shards), Barrier(len(shards), timeout=30)

    def host(number: int) -> dict[str, float]:
        def total(array):
            handed[number] = array
            meeting.wait()
            result = sum(handed)
            meeting.wait()
            return result

        rows = shards[number]
        return scores(names, "binary:logistic", 2, labels[rows], total=total).values(predictions[rows])

    with ThreadPoolExecutor(len(shards)) as pool:
        for together in pool.map(host, range(len(shards))):
            assert together == pytest.approx(alone, rel=1e-12)


def test_classes_of_every_objective():
    assert predicted_classes(np.array([0.4, 0.6]), "binary:logistic").tolist() == [0, 1]
    assert predicted_classes(np.array([-0.1, 0.1]), "binary:logitraw").tolist() == [0, 1]
    assert predicted_classes(np.array([0.0, 1.0]), "binary:hinge").tolist() == [0, 1]
    assert predicted_classes(np.array([2.0, 1.0]), "multi:softmax").tolist() == [2, 1]
    assert predicted_classes(np.array([[0.1, 0.9], [0.6, 0.4]]), "multi:softprob").tolist() == [1, 0]


def test_equal_labels_have_no_spread():
    assert scores(["r2"], "reg:squarederror", 2, [3, 3]).values(np.array([3, 3])) == {"r2": 1.0}
    assert scores(["r2"], "reg:squarederror", 2, [3, 3]).values(np.array([3, 4])) == {"r2": 0.0}

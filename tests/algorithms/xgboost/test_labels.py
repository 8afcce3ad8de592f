"""Which labels an objective allows: exactly those with which the library trains."""

import numpy as np
import pytest

from algorithms.xgboost.hyperparameters import OBJECTIVES
from algorithms.xgboost.labels import allowed

#: One each side of every limit that an objective of xgboost has.
LABELS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 31.0, 32.0)
#: The library trains with these, and the model is of no use.
SILENTLY_WRONG = {
    "binary:hinge": {-2.0, -1.0, -0.5, 0.5, 2.0, 31.0, 32.0},
    "survival:aft": {-2.0, -1.0, -0.5},
    "multi:softmax": {0.5},
    "multi:softprob": {0.5},
}


def trains(objective, label):
    """Whether xgboost itself makes a model of rows among which this label is."""
    import xgboost

    labels = np.resize(np.array([label, 1.0], np.float32), 20)
    data = xgboost.DMatrix(np.arange(20, dtype=np.float32)[:, None], labels)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", labels)
        data.set_float_info("label_upper_bound", labels)
    if objective.startswith("rank:"):
        data.set_group([20])
    more = {"num_class": 3} if objective.startswith("multi:") else {}
    try:
        xgboost.train({"objective": objective, "nthread": 1, "verbosity": 0, **more}, data, 1)
    except xgboost.core.XGBoostError:
        return False
    return True


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_library_decides(objective):
    name = "reg:squarederror" if objective == "reg:linear" else objective
    for label in LABELS:
        ours = allowed(name, 3 if name.startswith("multi:") else None).unfit(np.array([label], np.float32)) is None
        expected = trains(name, label) and label not in SILENTLY_WRONG.get(name, ())
        assert ours == expected, f"label {label:g}"


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("label", [np.nan, np.inf, -np.inf])
def test_no_objective_has_labels_that_are_no_numbers(objective, label):
    assert allowed(objective, 3).unfit(np.array([1.0, label], np.float32)) == 1


@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ("multi:softmax", "a whole number from 0 to 4"),
        ("binary:logistic", "a number from 0 to 1"),
        ("reg:squaredlogerror", "a number above -1"),
        ("count:poisson", "a number from 0"),
        ("reg:squarederror", "a finite number"),
    ],
)
def test_rules_in_words(objective, words):
    assert str(allowed(objective, 5)) == words

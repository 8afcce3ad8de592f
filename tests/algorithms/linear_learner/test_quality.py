"""Quality with default settings on real data, against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, roc_auc_score, root_mean_squared_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests import data
from tests.algorithms.linear_learner.fitting import fit
from tests.benchmarks import datasets

pytestmark = [pytest.mark.slow, pytest.mark.data]

#: How far accuracy and area may be below the peer's, and the root mean squared error beyond it.
SHORTFALL, EXCESS = 0.005, 1.01


@pytest.mark.parametrize("name", ["adult", "covtype_3v4", "covtype_11k"])
def test_classifier_is_as_good_as_logistic_regression(tmp_path, name):
    data.path(name)
    split = datasets.ALL[name]()
    classes = {"num_classes": split.classes} if split.predictor_type == "multiclass_classifier" else {}
    fitted = fit(tmp_path, (split.x, split.y), predictor_type=split.predictor_type, **classes)
    peer = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(split.x, split.y)
    ours, theirs = accuracy_score(split.y_test, fitted.said(split.x_test)), peer.score(split.x_test, split.y_test)
    print(f"{name}: accuracy {ours:.4f}, scikit-learn {theirs:.4f}")
    assert ours >= theirs - SHORTFALL
    if split.predictor_type == "binary_classifier":
        ours = roc_auc_score(split.y_test, fitted.scores(split.x_test))
        theirs = roc_auc_score(split.y_test, peer.decision_function(split.x_test))
        print(f"{name}: area {ours:.4f}, scikit-learn {theirs:.4f}")
        assert ours >= theirs - SHORTFALL


def test_regressor_is_as_good_as_ridge(tmp_path):
    data.path("sgemm")
    split = datasets.sgemm()
    rows = np.random.default_rng(0).permutation(len(split.x))[:50_000]
    fitted = fit(tmp_path, (split.x[rows], split.y[rows]), predictor_type="regressor")
    peer = make_pipeline(StandardScaler(), Ridge()).fit(split.x[rows], split.y[rows])
    ours = root_mean_squared_error(split.y_test, fitted.scores(split.x_test))
    theirs = root_mean_squared_error(split.y_test, peer.predict(split.x_test))
    print(f"sgemm: error {ours:.4f}, scikit-learn {theirs:.4f}")
    assert ours <= theirs * EXCESS

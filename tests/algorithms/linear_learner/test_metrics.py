"""Metrics of the final model against scikit-learn, in one block and in several."""

import re

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    dcg_score,
    f1_score,
    fbeta_score,
    mean_absolute_error,
    mean_squared_error,
    precision_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
    top_k_accuracy_score,
)

from algorithms.linear_learner.metrics import SPECS, BinaryMetrics, MulticlassMetrics, RegressionMetrics, metrics_for
from tests.algorithms.linear_learner.fitting import parse

RNG = np.random.default_rng(0)


def results(metrics, scores, labels, pieces=1):
    for block in np.array_split(np.arange(len(labels)), pieces):
        metrics.add(scores[block], labels[block])
    return metrics.results(metrics.sums())


def binary_scores(rows=500):
    labels = (RNG.random(rows) < 0.3).astype(np.float32)
    return np.round(RNG.normal(size=rows) + labels, 1).astype(np.float32), labels


@pytest.mark.parametrize("beta", [1.0, 2.5])
def test_binary(beta):
    scores, labels = binary_scores()
    found = results(BinaryMetrics(0.4, beta), scores, labels)
    said = scores > np.float32(0.4)
    assert (said != (scores >= np.float32(0.4))).any()
    assert found == pytest.approx(
        {
            "binary_classification_accuracy": accuracy_score(labels, said),
            "binary_f_beta": fbeta_score(labels, said, beta=beta),
            "precision": precision_score(labels, said),
            "recall": recall_score(labels, said),
            "roc_auc_score": roc_auc_score(labels, scores),
        }
    )
    assert results(BinaryMetrics(0.4, beta), scores, labels, pieces=7) == pytest.approx(found)


def test_binary_of_which_none_is_said():
    scores, labels = binary_scores()
    found = results(BinaryMetrics(100.0, 1.0), scores, labels)
    assert (found["precision"], found["recall"], found["binary_f_beta"]) == (0, 0, 0)


def class_scores(rows=400, classes=5):
    labels = RNG.integers(0, classes - 1, rows).astype(np.float32)  # the last class never occurs
    scores = RNG.normal(size=(rows, classes)).astype(np.float32)
    scores[np.arange(rows), labels.astype(int)] += 1
    return scores, labels


@pytest.mark.parametrize("beta", [1.0, 0.5])
def test_multiclass(beta):
    scores, labels = class_scores()
    found = results(MulticlassMetrics(5, 2, beta), scores, labels)
    said = scores.argmax(axis=1)
    macro = {"average": "macro", "zero_division": 0}
    own = np.eye(5)[labels.astype(int)]
    assert found == pytest.approx(
        {
            "multiclass_accuracy": accuracy_score(labels, said),
            "multiclass_top_k_accuracy": top_k_accuracy_score(labels, scores, k=2, labels=range(5)),
            "dcg": dcg_score(own, scores),
            "macro_recall": recall_score(labels, said, **macro),
            "macro_precision": precision_score(labels, said, **macro),
            "macro_f_beta": fbeta_score(labels, said, beta=beta, **macro),
        }
    )
    assert results(MulticlassMetrics(5, 2, beta), scores, labels, pieces=7) == pytest.approx(found)


def test_confusion_matrix_is_kept_where_it_can_be_shown():
    scores, labels = class_scores()
    metrics = MulticlassMetrics(5, 2, 1.0)
    results(metrics, scores, labels, pieces=3)
    np.testing.assert_array_equal(metrics.confusion, confusion_matrix(labels, scores.argmax(axis=1), labels=range(5)))
    assert MulticlassMetrics(101, 2, 1.0).confusion is None


def test_class_that_neither_occurs_nor_is_said_does_not_count():
    labels = np.float32([0, 0, 1, 1])
    scores = np.float32([[3, 1, 0], [1, 3, 0], [1, 3, 0], [1, 3, 0]])
    found = results(MulticlassMetrics(3, 1, 1.0), scores, labels)
    assert found["macro_f_beta"] == pytest.approx(f1_score(labels, scores.argmax(axis=1), average="macro"))


def test_ties_are_no_hits():
    """A model that scores all classes alike says class 0, whatever k: what it says agrees with its rank."""
    labels, scores = np.float32([0, 1, 2, 3]), np.zeros((4, 4), np.float32)
    for k in (1, 2):
        found = results(MulticlassMetrics(4, k, 1.0), scores, labels)
        assert found["multiclass_accuracy"] == 0.25
        assert found["multiclass_top_k_accuracy"] == k / 4
        assert found["dcg"] == pytest.approx((1 / np.log2([2, 3, 4, 5])).mean())


def test_regression():
    labels = RNG.normal(size=300).astype(np.float32)
    scores = (labels + RNG.normal(size=300)).astype(np.float32)
    found = results(RegressionMetrics(), scores, labels)
    assert found == pytest.approx(
        {
            "mse": mean_squared_error(labels, scores),
            "rmse": root_mean_squared_error(labels, scores),
            "absolute_loss": mean_absolute_error(labels, scores),
        },
        rel=1e-5,
    )
    assert results(RegressionMetrics(), scores, labels, pieces=7) == pytest.approx(found)


@pytest.mark.parametrize("make", [lambda: BinaryMetrics(0.4, 1.0), lambda: MulticlassMetrics(5, 2, 1.0), RegressionMetrics])
def test_sums_of_hosts_add_up(make):
    scores, labels = class_scores() if isinstance(make(), MulticlassMetrics) else binary_scores()
    half = len(labels) // 2
    parts = [make(), make()]
    parts[0].add(scores[:half], labels[:half])
    parts[1].add(scores[half:], labels[half:])
    together = make().results(parts[0].sums() + parts[1].sums())
    whole = results(make(), scores, labels)
    together.pop("roc_auc_score", None), whole.pop("roc_auc_score", None)  # the mean over the hosts, not the whole's
    assert together == pytest.approx(whole)


def test_shard_of_one_class_has_no_part_in_the_area():
    scores, labels = binary_scores()
    both, one = BinaryMetrics(0.4, 1.0), BinaryMetrics(0.4, 1.0)
    both.add(scores, labels)
    one.add(scores[labels == 0], labels[labels == 0])
    found = both.results(both.sums() + one.sums())
    assert found["roc_auc_score"] == pytest.approx(roc_auc_score(labels, scores))
    assert found["binary_classification_accuracy"] != pytest.approx(both.results(both.sums())["binary_classification_accuracy"])
    assert np.isnan(one.results(one.sums())["roc_auc_score"])


def test_metrics_are_those_of_the_predictor_type():
    assert isinstance(metrics_for(parse("regressor"), 0.0), RegressionMetrics)
    chosen = metrics_for(parse("multiclass_classifier", num_classes=7, accuracy_top_k=4, f_beta=2), 0.0)
    assert (chosen.classes, chosen.top_k, chosen.beta) == (7, 4, 2.0)
    chosen = metrics_for(parse("binary_classifier", f_beta=2), 0.25)
    assert (chosen.threshold, chosen.beta) == (0.25, 2.0)
    legacy = parse("binary_classifier", f_beta=2, binary_classifier_model_selection_criteria="f1")
    assert metrics_for(legacy, 0.25).beta == 1.0


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.name}{'-epoch' if spec.per_epoch else ''}")
def test_each_line_is_found_by_its_own_expression_alone(spec):
    fields = {"host": "algo-1", "epoch": 3, "objective": "mse_objective", "beta": 1.0, "top_k": 3, "value": 0.5}
    line = spec.line.format(**fields)
    assert [other.name for other in SPECS if re.search(other.regex, line)] == [spec.name]
    assert re.search(spec.regex, line).group(1) == "0.5"

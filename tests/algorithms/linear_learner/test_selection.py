"""Thresholds against brute force over all of them, and the choice of a model."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, fbeta_score, precision_score, recall_score, roc_auc_score

from algorithms.linear_learner.selection import Criterion, calibrate, cuts, f_beta, roc_auc, select

RNG = np.random.default_rng(0)


def scored(rows, levels=None, positives=0.4):
    labels = (RNG.random(rows) < positives).astype(np.float32)
    scores = (RNG.normal(size=rows) + labels).astype(np.float32)
    return (scores if levels is None else np.round(scores * levels) / levels).astype(np.float32), labels


def brute_force(scores, labels, worth):
    """The best worth of `said` over every threshold there is."""
    return max(worth(labels, scores > level) for level in [-np.inf, *np.unique(scores)])


def precision(labels, said):
    return precision_score(labels, said, zero_division=0)


WORTH = {
    "accuracy": (Criterion("accuracy"), accuracy_score),
    "f_1": (Criterion("f_beta", beta=1.0), lambda t, s: fbeta_score(t, s, beta=1.0, zero_division=0)),
    "f_3": (Criterion("f_beta", beta=3.0), lambda t, s: fbeta_score(t, s, beta=3.0, zero_division=0)),
    "f_0.2": (Criterion("f_beta", beta=0.2), lambda t, s: fbeta_score(t, s, beta=0.2, zero_division=0)),
    "precision": (
        Criterion("precision_at_target_recall", target_recall=0.7),
        lambda t, s: precision(t, s) if recall_score(t, s) >= 0.7 else -1.0,
    ),
    "recall": (
        Criterion("recall_at_target_precision", target_precision=0.75),
        lambda t, s: recall_score(t, s) if precision(t, s) >= 0.75 else -1.0,
    ),
}


@pytest.mark.parametrize("levels", [None, 2])
@pytest.mark.parametrize("name", WORTH)
def test_no_threshold_serves_better(name, levels):
    criterion, worth = WORTH[name]
    for rows in (3, 20, 150):
        scores, labels = scored(rows, levels)
        labels[0] = 1
        threshold, value = calibrate(scores, labels, criterion)
        best = brute_force(scores, labels, worth)
        assert worth(labels, scores > np.float32(threshold)) == pytest.approx(best)
        if best >= 0:
            assert value == pytest.approx(best)


def test_targets_move_the_threshold():
    scores, labels = scored(500)
    for strict in (0.6, 0.95):
        threshold, value = calibrate(scores, labels, Criterion("precision_at_target_recall", target_recall=strict))
        assert recall_score(labels, scores > threshold) >= strict
        assert value == pytest.approx(precision(labels, scores > threshold))
        threshold, value = calibrate(scores, labels, Criterion("recall_at_target_precision", target_precision=strict))
        assert precision(labels, scores > threshold) >= strict
        assert value == pytest.approx(recall_score(labels, scores > threshold))


def test_target_out_of_reach_is_approached():
    scores, labels = np.float32([0.9, 0.8, 0.7, 0.1]), np.float32([0, 1, 1, 0])
    threshold, value = calibrate(scores, labels, Criterion("recall_at_target_precision", target_precision=0.95))
    assert precision(labels, scores > threshold) == pytest.approx(2 / 3)  # the most there is
    assert value < 0


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("name", WORTH)
def test_one_class_only(name, label):
    scores, _ = scored(20)
    labels = np.full(20, label, np.float32)
    threshold, value = calibrate(scores, labels, WORTH[name][0])
    assert np.isfinite(threshold)
    assert np.isfinite(value)
    if name == "accuracy":
        assert ((scores > threshold) == label).all()


def test_all_scores_equal():
    scores, labels = np.full(9, 0.5, np.float32), np.float32([1, 1, 1, 1, 1, 1, 0, 0, 0])
    threshold, value = calibrate(scores, labels, Criterion("accuracy"))
    assert (value, threshold < 0.5) == (pytest.approx(2 / 3), True)


def test_of_equally_good_thresholds_the_middle_one():
    scores, labels = np.float32([0.9, 0.6, 0.4, 0.1]), np.float32([1, 1, 0, 0])
    assert calibrate(scores, labels, Criterion("accuracy")) == (pytest.approx(0.5), 1.0)


@pytest.mark.parametrize("upper", [1.0, 0.25, -3.0, 1e-30, 40_000.0])
def test_threshold_parts_neighbouring_floats(upper):
    """Scores are float32, and compared as such: a midpoint that rounds up to the higher one would part nothing."""
    upper = np.float32(upper)
    lower = np.nextafter(upper, np.float32(-np.inf))
    for scores in ([lower, upper], [np.nextafter(lower, np.float32(-np.inf)), lower]):
        scores = np.float32(scores)
        threshold, value = calibrate(scores, np.float32([0, 1]), Criterion("accuracy"))
        assert value == 1.0
        assert (scores > threshold).tolist() == [False, True]


def test_cuts_count_what_lies_above():
    scores, labels = scored(60, levels=3)
    thresholds, tp, fp = cuts(scores, labels)
    assert len(thresholds) == len(np.unique(scores)) + 1
    for threshold, hits, misses in zip(thresholds, tp, fp, strict=True):
        assert hits == (labels[scores > threshold] == 1).sum()
        assert misses == (labels[scores > threshold] == 0).sum()


@pytest.mark.parametrize("levels", [None, 4, 1])
def test_roc_auc_is_scikit_learns(levels):
    scores, labels = scored(300, levels)
    assert roc_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_roc_auc_of_one_class_is_unknown():
    assert np.isnan(roc_auc(np.float32([1, 2]), np.float32([1, 1])))


def test_f_beta_of_nothing_is_zero():
    assert f_beta(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 2.0).tolist() == [0.0, 1.0]


def test_select_takes_the_highest_value_then_the_smallest_loss():
    assert select(np.array([0.7, 0.9, 0.8]), np.array([1.0, 3.0, 2.0])) == 1
    assert select(np.array([0.9, 0.9, 0.9]), np.array([3.0, 1.0, 2.0])) == 1


def test_select_never_takes_a_model_that_diverged():
    nan, inf = np.nan, np.inf
    assert select(np.array([0.99, nan, 0.5]), np.array([inf, 0.1, 2.0])) == 2
    assert select(np.array([0.99, 0.5]), np.array([nan, 2.0])) == 1

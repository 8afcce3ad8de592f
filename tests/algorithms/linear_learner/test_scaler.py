"""Normalisation: what is learnt, what it does to rows, and that the published weights undo it."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.preprocessing import StandardScaler

from algorithms.linear_learner.scaler import Moments, Scaler
from algorithms.linear_learner.setup import look
from algorithms.training.cluster import Cluster
from containers.batch import Batch
from containers.hosts import Hosts
from tests.algorithms.linear_learner.fitting import parse, regression

RNG = np.random.default_rng(0)


def learnt(x, y=None, *, batches=1, **hyperparameters) -> Scaler:
    return sample(x, y, batches=batches, **hyperparameters).scaler


def sample(x, y=None, *, batches=1, **hyperparameters):
    y = np.zeros(x.shape[0], np.float32) if y is None else y
    step = -(-x.shape[0] // batches)
    head = [Batch(x[start : start + step], y[start : start + step]) for start in range(0, x.shape[0], step)]
    return look(head, parse(**hyperparameters), Cluster(Hosts()))


def test_mean_and_deviation_are_scikit_learns():
    x, y = regression()
    expected = StandardScaler().fit(x)
    for batches in (1, 7):
        scaler = learnt(x, y, batches=batches)
        np.testing.assert_allclose(scaler.mean, expected.mean_, rtol=1e-9)
        np.testing.assert_allclose(scaler.scale, expected.scale_, rtol=1e-9)
        assert scaler.label_mean == pytest.approx(y.mean(dtype=np.float64))
        assert scaler.label_scale == pytest.approx(y.std(dtype=np.float64))
    np.testing.assert_allclose(scaler.features(x.copy()), expected.transform(x), atol=1e-5)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("unbias", [True, False])
def test_each_switch_does_its_own(normalize, unbias):
    x, y = regression()
    both = learnt(x, y)
    features = learnt(x, y, normalize_data=normalize, unbias_data=unbias)
    np.testing.assert_array_equal(features.scale, both.scale if normalize else 1.0)
    np.testing.assert_array_equal(features.mean, both.mean if unbias else 0.0)
    assert (features.label_mean, features.label_scale) == (both.label_mean, both.label_scale)
    label = learnt(x, y, normalize_label=normalize, unbias_label=unbias)
    assert label.label_scale == (both.label_scale if normalize else 1.0)
    assert label.label_mean == (both.label_mean if unbias else 0.0)
    np.testing.assert_array_equal(label.mean, both.mean)


def test_unbiasing_follows_the_bias_unless_given():
    x, y = regression()
    assert not learnt(x, y, use_bias=False).mean.any()
    assert learnt(x, y, use_bias=False, unbias_data=True).mean.all()
    assert learnt(x, y, use_bias=False, unbias_label=True).label_mean == 0.0


def test_labels_of_classifiers_stay_as_they_are():
    x, y = regression()
    scaler = learnt(x, (y > 0).astype(np.float32), predictor_type="binary_classifier", normalize_label=True)
    assert (scaler.label_mean, scaler.label_scale) == (0.0, 1.0)


@pytest.mark.parametrize("outputs", [1, 3])
def test_folded_weights_predict_from_raw_features_the_same(outputs):
    x, y = regression()
    scaler = learnt(x, y)
    weights, bias = RNG.normal(size=(5, outputs)), RNG.normal(size=outputs)
    raw, constant = scaler.fold(weights, bias)
    normalised = (x - scaler.mean) / scaler.scale @ weights + bias
    np.testing.assert_allclose(x @ raw + constant, normalised * scaler.label_scale + scaler.label_mean, rtol=1e-9)


def test_timestamps_are_normalised_to_what_float32_holds_of_them():
    x = (1.6e9 + RNG.normal(scale=1e4, size=(5000, 1))).astype(np.float32)
    x = np.hstack([x, RNG.normal(size=(5000, 1)).astype(np.float32)])
    scaler = learnt(x)
    exact = x.astype(np.float64)
    np.testing.assert_allclose(scaler.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scaler.scale, exact.std(axis=0), rtol=1e-9)
    expected = (exact - exact.mean(axis=0)) / exact.std(axis=0)
    np.testing.assert_allclose(scaler.features(x.copy()), expected, atol=1e-6)


def test_first_row_may_be_an_outlier():
    x = RNG.normal(size=(5000, 1)).astype(np.float32)
    x[0] = 1e6
    np.testing.assert_allclose(learnt(x).scale, x.std(axis=0, dtype=np.float64), rtol=1e-9)


@pytest.mark.parametrize("constant", [0.0, 0.1, -3.0, 16_777_217.0, 1.6e9])
def test_constant_columns_are_known_as_such(constant):
    x = RNG.normal(size=(3000, 2)).astype(np.float32)
    x[:, 1] = constant
    found = sample(x, batches=3)
    assert found.varies.tolist() == [True, False]
    assert found.scaler.scale[1] == 1.0
    np.testing.assert_array_equal(found.scaler.features(x.copy())[:, 1], 0.0)


def test_constant_label_keeps_its_scale():
    x, _ = regression()
    scaler = learnt(x, np.full(len(x), 7.0, np.float32))
    assert (scaler.label_mean, scaler.label_scale) == (7.0, 1.0)


def test_number_of_points_is_heeded():
    x, y = regression(rows=1000)
    few, all_of_them = learnt(x, y, num_point_for_scaler=100), learnt(x, y)
    np.testing.assert_allclose(few.mean, x[::10].mean(axis=0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(few.scale, x[::10].std(axis=0, dtype=np.float64), rtol=1e-6)
    assert (few.mean != all_of_them.mean).all()


def test_points_are_spread_over_sorted_data():
    x = np.linspace(0, 1, 20_000, dtype=np.float32)[:, None]
    assert learnt(x, batches=3, num_point_for_scaler=100).mean[0] == pytest.approx(0.5, abs=0.01)


# Sparse ---------------------------------------------------------------------------------------------------------------------


def sparse() -> csr_array:
    x = RNG.normal(loc=2.0, scale=3.0, size=(500, 4)) * (RNG.random((500, 4)) < [0.9, 0.1, 0.01, 0.0])
    return csr_array(x.astype(np.float32))


def test_sparse_features_are_measured_by_the_root_mean_square_of_what_is_stored():
    x = sparse()
    found = sample(x, batches=3)
    dense = x.toarray().astype(np.float64)
    stored = [column[column != 0] for column in dense.T]
    expected = [np.sqrt((column**2).mean()) if len(column) else 1.0 for column in stored]
    np.testing.assert_allclose(found.scaler.scale, expected, rtol=1e-6)
    assert not found.scaler.mean.any()
    assert found.varies.tolist() == [True, True, True, False]
    assert found.sparse
    scaled = found.scaler.features(x.copy())
    np.testing.assert_array_equal(scaled.indices, x.indices)
    np.testing.assert_allclose(scaled.toarray(), dense / expected, rtol=1e-5)


def test_sparse_label_is_normalised_as_ever():
    x, y = sparse(), RNG.normal(50, 3, 500).astype(np.float32)
    scaler = learnt(x, y)
    assert scaler.label_mean == pytest.approx(y.mean(dtype=np.float64))
    assert scaler.label_scale == pytest.approx(y.std(dtype=np.float64))


def test_sparse_features_are_not_shifted():
    assert not learnt(sparse(), unbias_data=True).mean.any()


def test_batches_of_both_kinds_are_one_sparse_table():
    x = sparse()
    y = np.zeros(250, np.float32)
    head = [Batch(x[:250], y), Batch(x[250:].toarray(), y)]
    mixed = look(head, parse(), Cluster(Hosts()))
    np.testing.assert_allclose(mixed.scaler.scale, learnt(x).scale, rtol=1e-9)


def test_moments_of_several_hosts_add_up():
    x, y = regression()
    origin = np.append(x[0], y[0]).astype(np.float64)
    parts = [Moments.none(origin, False).add(x[:100], y[:100]), Moments.none(origin, False).add(x[100:], y[100:])]
    other = iter([parts[1].counts, parts[1].sums, parts[1].squares])
    together = parts[0].map_sums(lambda array: array + next(other))
    np.testing.assert_allclose(together.deviation[:-1], x.std(axis=0, dtype=np.float64), rtol=1e-9)
    scaler = together.scaler(shift=True, scale=True, shift_label=True, scale_label=True)
    np.testing.assert_allclose(scaler.mean, x.mean(axis=0, dtype=np.float64), rtol=1e-9)


def test_classes_are_counted():
    x, _ = regression(rows=10)
    y = np.array([0, 1, 1, 1, 2, 2, 0, 0, 0, 0], np.float32)
    assert sample(x, y, predictor_type="multiclass_classifier", num_classes=4).class_counts.tolist() == [5, 3, 2, 0]

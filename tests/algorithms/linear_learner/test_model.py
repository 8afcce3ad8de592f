"""The published model: files, links, and what becomes of strange or damaged ones."""

import json
import stat

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array
from scipy.special import expit
from scipy.special import softmax as scipy_softmax

from algorithms.linear_learner.model import MODEL_FILE, WEIGHTS_FILE, Description, LinearModel
from containers.batch import Batch
from containers.errors import UserError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3)).astype(np.float32)


def model(predictor_type="binary_classifier", outputs=1, link="logistic", threshold=0.4, **more) -> LinearModel:
    description = Description(predictor_type, 3, outputs, link, threshold, **more)
    return LinearModel(description, RNG.normal(size=(3, outputs)), RNG.normal(size=outputs))


def linear(m):
    return X.astype(np.float64) @ m.weights + m.bias


def columns(m, x=X):
    return m.predict(Batch(x)).columns


def test_logistic_scores_are_probabilities_and_labels_follow_the_threshold():
    m = model()
    found = columns(m)
    np.testing.assert_allclose(found["score"], expit(linear(m)[:, 0]), rtol=1e-6)
    np.testing.assert_array_equal(found["predicted_label"], (found["score"] > np.float32(0.4)).astype(int))
    assert found["predicted_label"].dtype.kind == "i"
    assert set(found["predicted_label"].tolist()) == {0, 1}


def test_hinge_scores_are_margins():
    m = model(link="identity", threshold=0.0)
    np.testing.assert_allclose(columns(m)["score"], linear(m)[:, 0], rtol=1e-5)
    np.testing.assert_array_equal(columns(m)["predicted_label"], linear(m)[:, 0] > 0)


def test_softmax_scores_are_probabilities_of_the_classes():
    m = model("multiclass_classifier", outputs=4, link="softmax", threshold=None)
    found = columns(m)
    np.testing.assert_allclose(found["score"], scipy_softmax(linear(m), axis=1), rtol=1e-5)
    np.testing.assert_array_equal(found["predicted_label"], linear(m).argmax(axis=1))


def test_regressor_has_scores_only():
    m = model("regressor", link="identity", threshold=None)
    found = columns(m)
    assert list(found) == ["score"]
    np.testing.assert_allclose(found["score"], linear(m)[:, 0], rtol=1e-5)


@pytest.mark.parametrize("outputs", [1, 4])
def test_rows_score_alone_as_they_do_together_and_sparse_as_dense(outputs):
    kind = ("binary_classifier", "logistic", 0.4) if outputs == 1 else ("multiclass_classifier", "softmax", None)
    m = model(kind[0], outputs, kind[1], kind[2])
    together = columns(m)["score"]
    np.testing.assert_array_equal(np.concatenate([columns(m, X[i : i + 1])["score"] for i in range(20)]), together)
    np.testing.assert_allclose(columns(m, csr_array(X))["score"], together, rtol=1e-6)
    assert len(columns(m, X[:0])["score"]) == 0


@pytest.mark.parametrize("threshold", [0.4, None])
def test_saved_is_loaded(tmp_path, threshold):
    m = model(threshold=threshold, hyperparameters={"wd": 0.1}, selected={"model": 3}, metrics={"train:mse": 0.5})
    m.save(tmp_path)
    again = LinearModel.load(tmp_path)
    assert again.description == m.description
    np.testing.assert_array_equal(again.weights, m.weights)
    np.testing.assert_array_equal(again.bias, m.bias)
    for name, column in columns(m).items():
        np.testing.assert_array_equal(columns(again)[name], column)


def test_files_can_be_read_by_the_server_of_another_user(tmp_path):
    model().save(tmp_path)
    for name in (MODEL_FILE, WEIGHTS_FILE):
        assert (tmp_path / name).stat().st_mode & stat.S_IROTH


def test_foreign_files_are_ignored(tmp_path):
    model().save(tmp_path)
    for name in ("model.tar.gz", "output.tar.gz", "notes.txt", ".hidden"):
        (tmp_path / name).write_bytes(b"\x80\x04not ours")
    LinearModel.load(tmp_path)


@pytest.mark.parametrize("name", [MODEL_FILE, WEIGHTS_FILE])
def test_missing_file_is_named(tmp_path, name):
    model().save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(UserError, match=rf"no Linear Learner model here: {name} is missing"):
        LinearModel.load(tmp_path)


@pytest.mark.parametrize("name", [MODEL_FILE, WEIGHTS_FILE])
@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe" * 30])
def test_damaged_file_is_refused(tmp_path, name, content):
    model().save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="damaged Linear Learner model"):
        LinearModel.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"algorithm": "xgboost"}, "expected algorithm 'linear-learner' in format 1, got 'xgboost' in format 1"),
        ({"format": 2}, "got 'linear-learner' in format 2"),
        ({"surprise": 1}, "damaged Linear Learner model.*surprise"),
        ({"feature_dim": 4}, r"weights of shape \(3, 1\), expected \(4, 1\)"),
        ({"outputs": 3}, r"weights of shape \(3, 1\), expected \(3, 3\)"),
    ],
)
def test_description_that_does_not_fit_is_refused(tmp_path, change, reason):
    model().save(tmp_path)
    path = tmp_path / MODEL_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=reason):
        LinearModel.load(tmp_path)


@pytest.mark.parametrize("name", ["weights", "bias"])
def test_missing_tensor_is_refused(tmp_path, name):
    model().save(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    del tensors[name]
    save_file(tensors, tmp_path / WEIGHTS_FILE)
    with pytest.raises(UserError, match=f"damaged.*{name}"):
        LinearModel.load(tmp_path)

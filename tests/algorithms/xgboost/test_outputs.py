"""SAGEMAKER_INFERENCE_OUTPUT: every key of every objective, in every media type."""

import io
import json
import logging

import numpy as np
import pytest

import recordio
from algorithms.xgboost.outputs import CLASSIFICATION, KEYS, VALID, select
from tests.algorithms.xgboost.serving import X, ask, load, put, train

ROWS = "\n".join(",".join(map(str, row)) for row in X[:3].tolist())
ALL = ",".join(KEYS)


def answered(directory, objective, keys=ALL):
    model = load(put(train(objective), directory), SAGEMAKER_INFERENCE_OUTPUT=keys)
    return json.loads(ask(model, ROWS, accept="application/json"))["predictions"]


def raw(objective):
    return train(objective).inplace_predict(X[:3])


@pytest.mark.parametrize(
    "objective", [*VALID, "reg:squarederror", "reg:logistic", "count:poisson", "reg:gamma", "rank:pairwise", "survival:cox"]
)
def test_keys_that_the_objective_does_not_have_are_null_and_others_are_not(tmp_path, objective, caplog):
    with caplog.at_level(logging.WARNING):
        rows = answered(tmp_path, objective)
    valid = VALID.get(objective, ["predicted_score"])
    assert len(rows) == 3
    for row in rows:
        assert list(row) == list(KEYS)
        assert [key for key, value in row.items() if value is not None] == [key for key in KEYS if key in valid]
    assert f"will be NaN; {objective} has {', '.join(valid)}" in caplog.text


def test_a_binary_classifier(tmp_path):
    scores = raw("binary:logistic")
    for row, score in zip(answered(tmp_path, "binary:logistic", ",".join(CLASSIFICATION)), scores, strict=True):
        assert row["predicted_label"] == int(score > 0.5)
        assert row["labels"] == [0, 1]
        assert row["probability"] == row["raw_score"] == pytest.approx(score)
        assert row["probabilities"] == row["raw_scores"] == pytest.approx([1 - score, score])


@pytest.mark.parametrize(("objective", "score"), [("binary:logitraw", -0.25), ("binary:logitraw", 0.25), ("binary:hinge", 1.0)])
def test_a_binary_classifier_without_probabilities(objective, score):
    columns = select(["predicted_label", "labels", "raw_score", "raw_scores"], np.array([score], np.float32), objective, 0)
    assert {name: column[0].tolist() for name, column in columns.items()} == {
        "predicted_label": int(score > 0),
        "labels": [0, 1],
        "raw_score": score,
        "raw_scores": [1 - score, score],
    }


def test_several_classes(tmp_path):
    scores = raw("multi:softprob")
    for row, score in zip(answered(tmp_path, "multi:softprob", ",".join(CLASSIFICATION)), scores, strict=True):
        assert row["predicted_label"] == score.argmax()
        assert row["labels"] == [0, 1, 2]
        assert row["probability"] == row["raw_score"] == pytest.approx(score.max())
        assert row["probabilities"] == row["raw_scores"] == pytest.approx(score)


def test_classes_without_probabilities(tmp_path):
    classes = raw("multi:softmax")
    rows = answered(tmp_path, "multi:softmax", "predicted_label,labels,raw_score")
    assert [row["predicted_label"] for row in rows] == [row["raw_score"] for row in rows] == classes.tolist()
    assert rows[0]["labels"] == [0, 1, 2]


def test_a_regressor(tmp_path):
    rows = answered(tmp_path, "reg:squarederror", "predicted_score")
    assert [row["predicted_score"] for row in rows] == pytest.approx(raw("reg:squarederror"))


def test_the_order_is_that_of_the_variable(tmp_path):
    model = load(put(train("binary:logistic"), tmp_path), SAGEMAKER_INFERENCE_OUTPUT=" Probabilities , predicted_label,")
    (first, *_) = json.loads(ask(model, ROWS, accept="application/json"))["predictions"]
    assert list(first) == ["probabilities", "predicted_label"]
    low, high = first["probabilities"]
    assert ask(model, ROWS).decode().splitlines()[0] == f'"[{low}, {high}]",{first["predicted_label"]}'


def test_every_media_type(tmp_path):
    model = load(put(train("binary:logistic"), tmp_path), SAGEMAKER_INFERENCE_OUTPUT="predicted_label,labels,predicted_score")
    labels = [int(score > 0.5) for score in raw("binary:logistic")]
    assert ask(model, ROWS) == "".join(f'{label},"[0, 1]",nan\n' for label in labels).encode()
    lines = ask(model, ROWS, accept="application/jsonlines").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"predicted_label": label, "labels": [0, 1], "predicted_score": None} for label in labels
    ]
    (batch,) = recordio.read_batches(io.BytesIO(ask(model, ROWS, accept="application/x-recordio-protobuf")), 10)
    np.testing.assert_array_equal(np.ravel(batch.labels["predicted_label"]), labels)
    np.testing.assert_array_equal(batch.labels["labels"], [[0, 1]] * 3)
    assert np.isnan(batch.labels["predicted_score"]).all()

"""What a channel's rows are, and what is said of those that cannot be."""

import numpy as np
import pytest

import recordio
from algorithms.xgboost.data import read
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from containers.channels import Channel
from containers.errors import UserError
from containers.media import CSV, LIBSVM, RECORDIO, MediaType


@pytest.fixture
def rows(tmp_path):
    def rows(content, media, features=None, **hyperparameters):
        (tmp_path / "a").write_bytes(content)
        channel = Channel("train", tmp_path, MediaType.parse(media))
        hp = XGBoostHyperparameters.parse({"num_round": "1", **hyperparameters})
        return list(read(channel, hp, features))

    return rows


@pytest.mark.parametrize(
    ("media", "content", "where"),
    [
        (CSV, b"0,1\n3,2\n", "train/a, line 2, column 1"),
        (LIBSVM, b"0 0:1\n3 1:2\n", "train/a, line 2"),
        (RECORDIO, recordio.encode(np.ones((2, 1), np.float32), np.array([0, 3], np.float32)), "train/a, record 1"),
    ],
)
@pytest.mark.parametrize(
    ("objective", "words"),
    [
        ({"objective": "multi:softmax", "num_class": "3"}, "a whole number from 0 to 2"),
        ({"objective": "binary:logistic"}, "a number from 0 to 1"),
    ],
    ids=["classes", "probability"],
)
def test_labels_are_checked_where_they_stand(rows, media, content, where, objective, words):
    with pytest.raises(UserError, match=f"{where}: expected a label, {words}, got '?3"):
        rows(content, media, **objective)


def test_squared_log_errors_need_labels_above_minus_one(rows):
    with pytest.raises(UserError, match=r"train/a, line 1, column 1: expected a label, a number above -1, got '-1"):
        rows(b"-1,2\n", CSV, objective="reg:squaredlogerror")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
def test_csv_may_have_any_delimiter_that_aws_finds(rows, delimiter):
    (batch,) = rows(delimiter.join(["1", "2", "3"]).encode() + b"\n", CSV)
    assert (batch.labels.tolist(), batch.features.tolist(), batch.weights) == ([1], [[2, 3]], None)


def test_missing_values_are_missing(rows):
    (batch,) = rows(b"1,,nan,2\n", CSV)
    np.testing.assert_array_equal(batch.features, [[np.nan, np.nan, 2]])


def test_second_column_of_csv_is_the_weight_where_asked(rows):
    (batch,) = rows(b"1,0.5,7\n", CSV, csv_weights="1")
    assert (batch.labels.tolist(), batch.weights.tolist(), batch.features.tolist()) == ([1], [0.5], [[7]])


def test_query_ids_are_for_those_who_rank(rows):
    content = b"1 qid:8 0:1\n0 qid:8 0:2\n1 qid:3 0:3\n"
    (batch,) = rows(content, LIBSVM)
    assert batch.queries is None
    batches = rows(content, LIBSVM, objective="rank:pairwise")
    assert [batch.queries.tolist() for batch in batches] == [[0, 0], [1]]


@pytest.mark.parametrize(("media", "content"), [(CSV, b"1,2\n0,3\n"), (LIBSVM, b"1 0:2\n0 0:3\n")])
def test_rows_without_queries_are_ranked_as_one_and_that_is_said(rows, caplog, media, content):
    (batch,) = rows(content, media, objective="rank:ndcg")
    assert batch.queries is None
    (warning,) = caplog.messages
    assert warning.startswith("channel 'train': no row has a qid, so all rows are ranked as one query")


def test_width_is_insisted_on(rows):
    with pytest.raises(UserError, match=r"train/a, line 1: expected 3 columns \(1 label, 2 features\), got 2"):
        rows(b"1,2\n", CSV, features=2)
    with pytest.raises(UserError, match=r"train/a, line 1: expected an index from 0 to 1, got '2:1'"):
        rows(b"1 2:1\n", LIBSVM, features=2)


@pytest.mark.parametrize("size", ["0", "2"])
def test_there_is_one_label(rows, size):
    with pytest.raises(UserError, match=r"channel 'train': content type text/csv with label_size: expected 1"):
        rows(b"1,2,3\n", f"text/csv; label_size={size}")


@pytest.mark.parametrize(("media", "content"), [(CSV, b"1 0:2 3:4\n"), (LIBSVM, b"1,2,3\n")])
def test_formats_taken_for_each_other_are_recognised(rows, media, content):
    with pytest.raises(UserError, match=r"train/a, line 1: this looks like (CSV|libsvm)"):
        rows(content, media)

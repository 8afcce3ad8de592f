"""Requests mean in serving what the same bytes mean in training, and answers are as AWS documents them."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost
from scipy.sparse import csr_array

import recordio
from containers.content.tabular import read
from containers.errors import UserError
from containers.media import LIBSVM, MediaType
from tests.algorithms.xgboost.serving import X, ask, load, put, scores, train

RANDOM = np.random.default_rng(1)
CSV = "\n".join(",".join(map(repr, row)) for row in X.tolist())


@pytest.fixture
def model(tmp_path):
    return load(put(train("binary:logistic"), tmp_path))


@pytest.fixture
def expected():
    return train("binary:logistic").inplace_predict(X)


class Text:
    """A channel's part, from memory."""

    name = "train/a.libsvm"

    def __init__(self, text):
        self.stream = io.BytesIO(text.encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def libsvm(x, y, base=0):
    """Rows of libsvm text, zeros left out."""
    rows = []
    for label, row in zip(y, x, strict=True):
        rows.append(
            " ".join([f"{label:g}", *(f"{index + base}:{value!r}" for index, value in enumerate(row.tolist()) if value)])
        )
    return rows


class TestLibsvm:
    """The open container shifts a payload whose first feature is absent by one, and takes its width from it: no error, other
    scores. Here every row scores alone, and in any company, as it does in the training data."""

    X = np.where(RANDOM.random((80, 6)) < 0.5, RANDOM.normal(size=(80, 6)), 0).astype(np.float32)
    X[7] = 0  # an all-zero row
    X[20:25, 0] = 0  # the first feature is absent, and in 24 the last ones, too
    X[24, 3:] = 0
    Y = X[:, 0] - 2 * X[:, 1] + X[:, 5]

    def served(self, directory, base):
        """A model trained on the text as a job reads it, its rows, and what it predicts of the training data."""
        rows = libsvm(self.X, self.Y, base)
        (batch,) = read([Text("\n".join(rows))], MediaType(LIBSVM), rows=1000)
        data = xgboost.DMatrix(batch.features, batch.labels)
        booster = xgboost.train({"nthread": 1}, data, 10)
        return load(put(booster, directory)), rows, booster.predict(data)

    @pytest.mark.parametrize("base", [0, 1], ids=["from 0", "from 1"])
    def test_every_single_row_scores_as_in_training(self, tmp_path, base):
        model, rows, trained = self.served(tmp_path, base)
        for row, score in zip(rows, trained, strict=True):
            assert scores(ask(model, row, "text/libsvm"))[0, 0] == pytest.approx(score, rel=1e-6)

    @pytest.mark.parametrize("base", [0, 1], ids=["from 0", "from 1"])
    @pytest.mark.parametrize("part", [slice(None), slice(20, 25), slice(24, 25), slice(7, 8), slice(6, 9)])
    def test_parts_score_as_in_training_with_labels_and_without(self, tmp_path, base, part):
        model, rows, trained = self.served(tmp_path, base)
        bare = [" ".join(row.split()[1:]) or "0" for row in rows]  # nothing at all is a blank line, not a row
        for body in ("\n".join(rows[part]), "\n".join(bare[part]) + "\n"):
            np.testing.assert_allclose(scores(ask(model, body, "text/x-libsvm"))[:, 0], trained[part], rtol=1e-6)

    def test_an_index_outside_the_model_is_refused(self, tmp_path):
        model, _, _ = self.served(tmp_path, 0)
        with pytest.raises(UserError, match=r"request, line 1: expected an index from 0 to 5, got '6:1'"):
            ask(model, "1 6:1", "text/libsvm")


def test_libsvm_and_csv_are_the_defaults(model):
    assert (model.codec.accepts[0], model.codec.returns[0]) == ("text/libsvm", "text/csv")


def test_csv_in_and_one_value_a_line_out(model, expected):
    answer = ask(model, CSV)
    assert answer.endswith(b"\n") and answer.count(b"\n") == len(X)
    np.testing.assert_allclose(scores(answer)[:, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " "])
def test_csv_with_another_delimiter(model, expected, delimiter):
    np.testing.assert_allclose(scores(ask(model, CSV.replace(",", delimiter)))[:, 0], expected, rtol=1e-6)


def test_empty_fields_are_missing(tmp_path):
    x = np.where(RANDOM.random(X.shape) < 0.3, np.nan, X).astype(np.float32)
    booster = train(x=x)
    text = "\n".join(",".join("" if np.isnan(value) else repr(value) for value in row) for row in x.tolist())
    np.testing.assert_allclose(scores(ask(load(put(booster, tmp_path)), text))[:, 0], booster.inplace_predict(x), rtol=1e-6)


def test_recordio_dense_and_sparse(model, expected):
    np.testing.assert_allclose(
        scores(ask(model, recordio.encode(X), "application/x-recordio-protobuf"))[:, 0], expected, rtol=1e-6
    )
    sparse = csr_array(np.where(X > 0, X, 0))
    answer = ask(model, recordio.encode(sparse), "application/x-recordio-protobuf")
    absent = train("binary:logistic").predict(xgboost.DMatrix(sparse))
    np.testing.assert_allclose(scores(answer)[:, 0], absent, rtol=1e-6)


def test_parquet(model, expected):
    table = pa.table({f"f{index}": column for index, column in enumerate(X.T)})
    sink = io.BytesIO()
    pq.write_table(table, sink)
    np.testing.assert_allclose(scores(ask(model, sink.getvalue(), "application/x-parquet"))[:, 0], expected, rtol=1e-6)


def test_json_jsonlines_and_recordio_out(model, expected):
    found = json.loads(ask(model, CSV, accept="application/json"))
    assert list(found) == ["predictions"] and list(found["predictions"][0]) == ["score"]
    np.testing.assert_allclose([row["score"] for row in found["predictions"]], expected, rtol=1e-6)
    lines = ask(model, CSV, accept="application/jsonlines").splitlines()
    assert [json.loads(line) for line in lines] == found["predictions"]
    (batch,) = recordio.read_batches(io.BytesIO(ask(model, CSV, accept="application/x-recordio-protobuf")), 1000)
    np.testing.assert_allclose(np.ravel(batch.labels["score"]), expected, rtol=1e-6)


def test_several_classes_are_a_row(tmp_path):
    booster = train("multi:softprob")
    model = load(put(booster, tmp_path))
    np.testing.assert_allclose(scores(ask(model, CSV)), booster.inplace_predict(X), rtol=1e-6)
    rows = json.loads(ask(model, CSV, accept="application/json"))["predictions"]
    np.testing.assert_allclose([row["score"] for row in rows], booster.inplace_predict(X), rtol=1e-6)


def test_a_row_scores_alone_as_it_does_in_company(model):
    together = ask(model, CSV).splitlines()
    assert [ask(model, row).strip() for row in CSV.splitlines()] == together


@pytest.mark.parametrize(("row", "count"), [("1,2,3", 3), ("1,2,3,4,5", 5)])
def test_another_width_is_refused_with_both_numbers(model, row, count):
    with pytest.raises(UserError, match=rf"request, line 1: expected 4 columns, got {count} columns"):
        ask(model, row)


def test_records_of_another_width_are_refused_with_both_numbers(model):
    with pytest.raises(UserError, match="expected 4 features, got 3"):
        ask(model, recordio.encode(X[:, :3]), "application/x-recordio-protobuf")


@pytest.mark.parametrize(
    ("body", "content_type"), [("1,2,3,4", "text/libsvm"), ("1 0:2 3:4", "text/csv"), ("0:2 3:4", "text/csv")]
)
def test_the_other_text_is_named(model, body, content_type):
    with pytest.raises(UserError, match=r"request, line 1: .*looks like .*content.type"):
        ask(model, body, content_type)


@pytest.mark.parametrize("body", ["", "\n\n"])
@pytest.mark.parametrize("content_type", ["text/csv", "text/libsvm"])
def test_no_rows_are_refused(model, body, content_type):
    with pytest.raises(UserError, match="request: expected at least one row, got none"):
        ask(model, body, content_type)


class TestContributions:
    @pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob"])
    def test_are_answered_where_the_content_type_asks(self, tmp_path, objective):
        booster = train(objective)
        model = load(put(booster, tmp_path), SAGEMAKER_INFERENCE_OUTPUT="predicted_label")
        expected = booster.predict(xgboost.DMatrix(X), pred_contribs=True)
        asked = "text/csv; pred_contribs=true"
        np.testing.assert_allclose(
            [row["contributions"] for row in json.loads(ask(model, CSV, asked, "application/json"))["predictions"]],
            expected,
            atol=1e-6,
        )
        if expected.ndim == 2:
            flat = load(put(booster, tmp_path))
            np.testing.assert_allclose(scores(ask(flat, CSV, asked)), expected, atol=1e-6)
            (batch,) = recordio.read_batches(io.BytesIO(ask(flat, CSV, asked, "application/x-recordio-protobuf")), 1000)
            np.testing.assert_allclose(batch.labels["contributions"], expected, atol=1e-6)

    def test_of_several_classes_stand_one_after_another_in_csv(self, tmp_path):
        booster = train("multi:softprob")
        expected = booster.predict(xgboost.DMatrix(X), pred_contribs=True)
        found = scores(ask(load(put(booster, tmp_path)), CSV, "text/csv; pred_contribs=1"))
        np.testing.assert_allclose(found, expected.reshape(len(X), -1), atol=1e-6)

    def test_of_libsvm_are_those_of_the_model(self, model):
        answer = scores(ask(model, "1:0.5", "text/libsvm;pred_contribs=True"))
        expected = train("binary:logistic").predict(
            xgboost.DMatrix(csr_array(([0.5], [1], [0, 1]), (1, 4))), pred_contribs=True
        )
        np.testing.assert_allclose(answer, expected, atol=1e-6)

    def test_false_is_no_wish_and_another_word_is_refused(self, model):
        assert ask(model, CSV, "text/csv; pred_contribs=false") == ask(model, CSV)
        with pytest.raises(UserError, match="pred_contribs: expected true or false, got 'perhaps'"):
            ask(model, CSV, "text/csv; pred_contribs=perhaps")


@pytest.mark.parametrize("accept", ["application/json", "jsonlines"])
def test_the_environment_chooses_the_default_answer(tmp_path, accept):
    codec = load(put(train(), tmp_path), SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT=accept).codec
    assert codec.returns[0] == MediaType.parse(accept).name
    assert len(codec.returns) == len(set(codec.returns)) == 4

import io

import numpy as np
import pytest
from scipy.sparse import csr_array

import recordio
from containers.batch import Predictions
from containers.content.encoders import encode_recordio
from containers.content.tabular import TabularCodec
from containers.errors import UserError
from containers.media import MediaType
from tests.containers.parts import dense, read, read_one

RECORDIO = "application/x-recordio-protobuf"
TABLE = np.array([[1, 2.5, 0], [0, -4, 8]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_every_tensor_type_becomes_float32(dtype):
    batch = read_one(RECORDIO, recordio.encode(TABLE.astype(dtype), np.array([0, 1])))

    assert batch.features.dtype == batch.labels.dtype == np.float32
    assert np.array_equal(batch.features, TABLE.astype(dtype).astype(np.float32))
    assert batch.labels.tolist() == [0, 1]


def test_sparse_records_stay_sparse():
    batch = read_one(RECORDIO, recordio.encode(csr_array(TABLE), np.array([0.0, 1.0])))

    assert batch.is_sparse
    assert batch.features.dtype == np.float32
    assert dense(batch) == TABLE.tolist()


def test_labels_are_ignored_where_none_are_wanted():
    assert read_one(RECORDIO, recordio.encode(TABLE, np.array([0, 1])), labels=0).labels is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (recordio.encode(TABLE), "train/a, from record 0: expected 1 label named 'values', got none"),
        (recordio.encode(TABLE, np.ones((2, 3))), "train/a, from record 0: expected 1 label a record, got 3"),
        (recordio.encode(TABLE, np.array([1, np.nan])), "train/a, record 1: expected a label, a finite number, got nan"),
        (
            recordio.encode(np.array([[1, 2], [3, np.inf]]), np.ones(2)),
            "train/a, record 1, feature 1: expected a finite number, got inf",
        ),
        (
            recordio.encode(csr_array(np.array([[1.0, 0], [0, 0], [0, np.nan]])), np.ones(3)),
            "train/a, record 2, feature 1: expected a finite number, got nan",
        ),
        (
            recordio.encode({"left": TABLE, "right": TABLE}, np.ones(2)),
            "train/a, from record 0: expected one feature tensor named 'values', got 'left', 'right'",
        ),
        (recordio.encode(TABLE, np.ones(2))[:-1], "train/a: record 1 at byte"),
        (b"1,2,3\n4,5,6\n", "train/a: record 0 at byte 0"),
    ],
)
def test_bad_records_are_named(content, message):
    with pytest.raises(UserError) as error:
        list(read(RECORDIO, content))

    assert str(error.value).startswith(message)


def test_record_numbers_count_on_over_batches():
    table = np.ones((10, 2), np.float32)
    table[7, 1] = np.nan

    with pytest.raises(UserError, match="train/a, record 7, feature 1: "):
        list(read(RECORDIO, recordio.encode(table, np.ones(10)), rows=3))


def test_all_files_have_one_width():
    with pytest.raises(UserError, match="train/b, from record 0: expected 3 features, got 2"):
        list(read(RECORDIO, recordio.encode(TABLE, np.ones(2)), recordio.encode(TABLE[:, :2], np.ones(2))))


def test_predictions_are_float32_tensors_in_the_label_map():
    predictions = Predictions({"score": np.array([0.4, 0.6], np.float32), "predicted_label": np.array([0, 1])}, ["a", "b"])

    records = list(recordio.read_messages(io.BytesIO(encode_recordio(predictions))))

    assert [list(record.label["score"].float32_tensor.values) for record in records] == [[np.float32(0.4)], [np.float32(0.6)]]
    assert [list(record.label["predicted_label"].float32_tensor.values) for record in records] == [[0], [1]]
    assert [record.uid for record in records] == ["a", "b"]
    assert not records[0].features


def test_record_ids_of_a_request_stay_with_their_rows():
    body = recordio.encode(np.eye(3, dtype=np.float32), uids=["a", "b", "c"])

    assert TabularCodec(3).decode(body, MediaType(RECORDIO)).uids == ["a", "b", "c"]

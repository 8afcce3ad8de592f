import io
import json
import subprocess
import sys

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import recordio
from containers.batch import Batch, Predictions
from containers.channels import Part
from containers.content import tabular
from containers.content.layout import DELIMITERS, Range
from containers.content.rebatch import cut, rebatch
from containers.content.tabular import TabularCodec
from containers.errors import UserError
from containers.media import CSV, JSON, JSONLINES, LIBSVM, PARQUET, RECORDIO, MediaType
from tests.containers.parts import dense, read, read_one

TABLE = np.array([[0.1, -2, 3e-8], [7, 1 / 3, 65_504], [0, 0, 0]])


def spellings(table: np.ndarray) -> dict[str, bytes]:
    """The rows of a table in every format, without labels."""
    rows = table.tolist()
    parquet = io.BytesIO()
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({str(index): column for index, column in enumerate(table.T)}), parquet)
    return {
        CSV: b"\n".join(",".join(map(repr, row)).encode() for row in rows),
        LIBSVM: b"\n".join(" ".join(["0", *(f"{i}:{v!r}" for i, v in enumerate(row))]).encode() for row in rows),
        JSON: orjson.dumps({"instances": [{"features": row} for row in rows]}),
        JSONLINES: b"\n".join(orjson.dumps({"data": {"features": {"values": row}}}) for row in rows),
        RECORDIO: recordio.encode(table),
        PARQUET: parquet.getvalue(),
    }


@pytest.mark.parametrize("name", [CSV, LIBSVM, JSON, JSONLINES, RECORDIO, PARQUET])
def test_the_same_rows_are_the_same_numbers_in_every_format(name):
    batch = TabularCodec(3).decode(spellings(TABLE)[name], MediaType(name))

    assert dense(batch) == TABLE.astype(np.float32).tolist()


@given(st.lists(st.floats(width=64, min_value=-3e38, max_value=3e38), min_size=1, max_size=20))
def test_any_number_is_the_same_float32_in_csv_json_and_recordio(values):
    table = np.array([values])
    codec = TabularCodec(len(values))
    bodies = spellings(table)

    for name in (CSV, JSON, JSONLINES, RECORDIO):
        assert np.array_equal(codec.decode(bodies[name], MediaType(name)).features, table.astype(np.float32))


@pytest.mark.parametrize("name", [CSV, LIBSVM, RECORDIO, PARQUET])
def test_training_and_serving_read_the_same_bytes_alike(name):
    body = spellings(TABLE)[name]

    trained = read_one(name, body, labels=0, features=3)
    served = TabularCodec(3).decode(body, MediaType(name))

    assert dense(trained) == dense(served)
    assert trained.is_sparse == served.is_sparse


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 100])
def test_batches_hold_exactly_the_rows_asked_for_over_files(rows):
    files = [b"1,2\n2,2\n3,2\n", b"", b"\n", b"4,2\n", b"5,2\n6,2\n7,2"]

    batches = list(read("text/csv", *files, rows=rows))

    assert [len(batch) for batch in batches] == [rows] * (7 // rows) + [7 % rows] * bool(7 % rows)
    assert [label for batch in batches for label in batch.labels] == [1, 2, 3, 4, 5, 6, 7]
    assert all(batch.features.flags.c_contiguous and batch.labels.flags.c_contiguous for batch in batches)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=8), st.integers(1, 12))
def test_rebatching_loses_and_reorders_nothing(sizes, rows):
    total = sum(size for size, _ in sizes)
    values = np.arange(1, 2 * total + 1, dtype=np.float32).reshape(total, 2)
    starts = np.cumsum([0, *(size for size, _ in sizes)])
    batches = [
        Batch(
            csr_array(values[start : start + size]) if sparse else values[start : start + size], values[start : start + size, 0]
        )
        for start, (size, sparse) in zip(starts, sizes, strict=False)
    ]

    result = list(rebatch(batches, rows))

    assert all(len(batch) == rows for batch in result[:-1])
    assert [row for batch in result for row in dense(batch)] == values.tolist()
    assert [label for batch in result for label in batch.labels] == values[:, 0].tolist()


def test_rebatching_keeps_labels_weights_and_queries_beside_their_rows():
    numbers = np.arange(7)
    whole = Batch(numbers[:, None].astype(np.float32), numbers.astype(np.float32), numbers / np.float32(2), None, numbers * 10)
    batches = [cut(whole, 0, 3), cut(whole, 3, 4), cut(whole, 4, 7)]

    for batch in rebatch(batches, 2):
        first = batch.features[:, 0]
        assert np.array_equal(batch.labels, first)
        assert np.array_equal(batch.weights, first / 2)
        assert np.array_equal(batch.queries, first * 10)
        assert batch.queries.dtype == np.int64


def test_data_are_read_only_as_they_are_needed():
    class Stream(io.BytesIO):
        def read(self, size=-1):
            raise AssertionError("read too early")

    parts = [Part("a", io.BytesIO(b"1,2\n3,4\n")), Part("b", Stream())]
    batches = tabular.read(parts, MediaType(CSV), rows=2)

    assert len(next(batches)) == 2
    assert parts[0].stream.closed is False
    with pytest.raises(AssertionError, match="too early"):
        next(batches)
    assert parts[0].stream.closed


@pytest.mark.parametrize(
    ("targets", "labels", "wanted"),
    [
        (Range.classes(2), "0 1 2", "a whole number from 0 to 1"),
        (Range.classes(3), "0 2 -1", "a whole number from 0 to 2"),
        (Range.classes(3), "0 1 1.5", "a whole number from 0 to 2"),
        (Range(0, 1), "0 0.5 1.5", "a number from 0 to 1"),
        (Range(0), "0 7 -1", "a number from 0"),
        (Range(-1, above=True), "-0.5 7 -1", "a number above -1"),
    ],
)
@pytest.mark.parametrize("name", [CSV, LIBSVM, RECORDIO, PARQUET])
def test_labels_outside_their_range_are_refused(name, targets, labels, wanted):
    values = [float(text) for text in labels.split()]
    table = np.column_stack([values, np.ones(3)])
    body = spellings(table)[name]
    if name == LIBSVM:
        body = "\n".join(f"{text} 0:1" for text in labels.split()).encode()
    if name == RECORDIO:
        body = recordio.encode(table[:, 1:], table[:, 0])

    with pytest.raises(UserError, match=f"train/a, .*expected a label, {wanted}, got '?{values[2]:g}"):
        list(read(name, body, targets=targets))


def test_a_type_that_no_table_has():
    with pytest.raises(UserError, match=r"content type: expected one of text/csv, .*, got 'image/png'"):
        list(read("image/png", b"\x89PNG"))


@pytest.mark.parametrize("name", [CSV, LIBSVM, RECORDIO])
def test_an_empty_request_is_refused(name):
    with pytest.raises(UserError, match="request: expected at least one row, got none"):
        TabularCodec(3).decode(b"", MediaType(name))


def test_a_label_in_a_csv_request_is_dropped_only_where_label_size_says_so():
    codec = TabularCodec(2)

    assert dense(codec.decode(b"9,1,2\n", MediaType.parse("text/csv; label_size=1"))) == [[1, 2]]
    with pytest.raises(UserError, match="request, line 1: expected 2 columns, got 3 columns"):
        codec.decode(b"9,1,2\n", MediaType(CSV))


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (LIBSVM, b"1,2\n", "request, line 1: this looks like CSV; set content_type to text/csv: '1,2'"),
        (CSV, b"0:1 1:2\n", "request, line 1: this looks like libsvm; set content_type to text/libsvm: '0:1 1:2'"),
    ],
)
def test_a_request_in_the_other_text_format_is_named(name, body, message):
    with pytest.raises(UserError) as error:
        TabularCodec(2, delimiters=DELIMITERS).decode(body, MediaType(name))

    assert str(error.value) == message


CLASSES = Predictions({"score": np.array([0.1, 0.75], np.float32), "predicted_label": np.array([0, 1], np.int32)})
VECTORS = Predictions({"score": np.array([[0.1, 0.2, 0.7], [1, 0, 0]], np.float32), "predicted_label": np.array([2, 0])})


@pytest.mark.parametrize(
    ("predictions", "name", "body"),
    [
        (CLASSES, JSON, b'{"predictions":[{"score":0.1,"predicted_label":0},{"score":0.75,"predicted_label":1}]}'),
        (CLASSES, JSONLINES, b'{"score":0.1,"predicted_label":0}\n{"score":0.75,"predicted_label":1}\n'),
        (CLASSES, CSV, b"0.1,0\n0.75,1\n"),
        (
            VECTORS,
            JSON,
            b'{"predictions":[{"score":[0.1,0.2,0.7],"predicted_label":2},{"score":[1.0,0.0,0.0],"predicted_label":0}]}',
        ),
        (VECTORS, JSONLINES, b'{"score":[0.1,0.2,0.7],"predicted_label":2}\n{"score":[1.0,0.0,0.0],"predicted_label":0}\n'),
        (VECTORS, CSV, b"0.1,0.2,0.7,2\n1.0,0.0,0.0,0\n"),
        (Predictions({"score": np.array([0.5])}), CSV, b"0.5\n"),
    ],
)
def test_predictions_as_text(predictions, name, body):
    assert TabularCodec(1).encode(predictions, MediaType(name)) == body


@pytest.mark.parametrize("rows", [0, 1, 50])
def test_json_lines_are_the_rows_of_json(rows):
    scores = np.random.default_rng(0).normal(size=(rows, 3)).astype(np.float32)
    scores[rows // 2 :, 1] = np.nan
    predictions = Predictions({"score": scores, "predicted_label": np.arange(rows), "distance": scores[:, 0]})
    codec = TabularCodec(1)

    lines = codec.encode(predictions, MediaType(JSONLINES))

    whole = orjson.loads(codec.encode(predictions, MediaType(JSON)))["predictions"]
    assert lines == b"".join(orjson.dumps(row) + b"\n" for row in whole)


@pytest.mark.parametrize("name", [JSON, JSONLINES, CSV, RECORDIO])
def test_predictions_of_any_memory_order(name):
    turned = Predictions({key: np.asfortranarray(np.repeat(column, 2, 0))[::2] for key, column in VECTORS.columns.items()})

    assert TabularCodec(1).encode(turned, MediaType(name)) == TabularCodec(1).encode(VECTORS, MediaType(name))


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_scores_survive_the_way_through_text(values):
    scores = np.array(values, np.float32)
    codec = TabularCodec(1)
    predictions = Predictions({"score": scores})

    as_json = json.loads(codec.encode(predictions, MediaType(JSON)))["predictions"]
    as_csv = codec.encode(predictions, MediaType(CSV)).split()

    assert np.array_equal(np.array([row["score"] for row in as_json], np.float32), scores)
    assert np.array_equal(np.array(as_csv, np.float32), scores)


def test_dense_requests_load_no_heavy_library():
    program = """
import sys
from containers.content.tabular import TabularCodec
from containers.media import MediaType
codec = TabularCodec(2)
codec.decode(b"1,2", MediaType("text/csv"))
codec.decode(b'{"instances": [{"features": [1, 2]}]}', MediaType("application/json"))
codec.decode(b'{"features": [1, 2]}', MediaType("application/jsonlines"))
heavy = ("numba", "scipy", "pyarrow", "google.protobuf", "pandas", "pydantic", "sklearn")
print([name for name in heavy if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"

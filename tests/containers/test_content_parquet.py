import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from containers.content import parquet
from containers.content.layout import Layout
from containers.errors import UserError
from tests.containers.parts import Pipe, dense, read, read_one

PARQUET = "application/x-parquet"


def as_parquet(columns: dict[str, object], **options: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def test_the_first_column_is_the_label_and_every_numeric_type_is_read():
    content = as_parquet(
        {
            "bought": [True, False],
            "age": pa.array([30, 40], pa.int64()),
            "income": [1.5, 2.5],
            "rate": pa.array([1, 2], pa.uint8()),
        }
    )

    batch = read_one(PARQUET, content)

    assert dense(batch) == [[30, 1.5, 1], [40, 2.5, 2]]
    assert batch.labels.tolist() == [1, 0]
    assert batch.features.dtype == batch.labels.dtype == np.float32


def test_row_groups_are_cut_into_batches_of_the_size_asked_for():
    content = as_parquet({"y": np.arange(10.0), "x": np.arange(10.0)}, row_group_size=4)

    assert [batch.labels.tolist() for batch in read(PARQUET, content, content, rows=8)] == [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [8, 9, 0, 1, 2, 3, 4, 5],
        [6, 7, 8, 9],
    ]


def test_what_comes_through_a_pipe_is_read_too():
    (batch,) = parquet.read(Pipe(as_parquet({"y": [1.0], "x": [2.0]})), "train_0", Layout(labels=1))

    assert dense(batch) == [[2]]


def test_nulls_are_missing_values_where_that_is_allowed():
    content = as_parquet({"y": [1.0, 2.0], "x": pa.array([5, None], pa.int32())})

    assert math.isnan(dense(read_one(PARQUET, content, missing=True))[1][0])
    with pytest.raises(UserError, match="train/a, row 1, column 'x': expected a finite number, got None"):
        list(read(PARQUET, content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (as_parquet({"y": [1.0], "city": ["Rome"]}), "train/a, column 'city': expected numbers, got string"),
        (as_parquet({"y": [1.0]}), "train/a: expected at least 2 columns (1 label and the features), got 1 column"),
        (
            as_parquet({"y": [1.0, None], "x": [1, 2]}),
            "train/a, row 1, column 'y': expected a label, a finite number, got None",
        ),
        (as_parquet({"y": [1.0], "x": [math.inf]}), "train/a, row 0, column 'x': expected a finite number, got inf"),
        (as_parquet({"y": [1.0], "x": [1e39]}), "train/a, row 0, column 'x': expected a finite number, got 1e+39"),
        (b"1,2\n", "train/a: not readable as Parquet"),
        (as_parquet({"y": [1.0], "x": [1.0]})[:-9], "train/a: not readable as Parquet"),
        (b"", "train/a: not readable as Parquet"),
    ],
)
def test_bad_files_are_refused_by_row_and_column(content, message):
    with pytest.raises(UserError) as error:
        list(read(PARQUET, content))

    assert str(error.value).startswith(message)


def test_row_numbers_count_on_over_batches():
    with pytest.raises(UserError, match="train/a, row 7, column 'x': expected a finite number, got nan"):
        list(read(PARQUET, as_parquet({"y": np.ones(9), "x": [1.0] * 7 + [math.nan, 1.0]}), rows=2))


def test_all_files_have_one_width():
    with pytest.raises(UserError, match="train/b: expected 2 features, got 1"):
        list(read(PARQUET, as_parquet({"y": [1], "a": [2], "b": [3]}), as_parquet({"y": [1], "a": [2]})))

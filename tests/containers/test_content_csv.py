import gzip
import math

import numpy as np
import pytest

from containers.content import csv, lines
from containers.content.layout import DELIMITERS, Layout
from containers.errors import UserError
from tests.containers.parts import Pipe, dense, read, read_one


def test_the_label_comes_first_and_everything_is_float32():
    batch = read_one("text/csv", b"1,2.5,3\n0,-4,5e-1\n")

    assert dense(batch) == [[2.5, 3.0], [-4.0, 0.5]]
    assert batch.labels.tolist() == [1.0, 0.0]
    assert batch.features.dtype == batch.labels.dtype == np.float32
    assert batch.features.flags.c_contiguous


@pytest.mark.parametrize(
    "content",
    [
        b"1,2,3\n4,5,6\n",
        b"1,2,3\n4,5,6",
        b"1,2,3\r\n4,5,6\r\n",
        b"\n\n1,2,3\n\r\n\n4,5,6\n\n",
        b'"1","2","3"\n"4",5,"6"\n',
        b" 1, 2 ,3\n4,5.0,+6e0\n",
        b"\xef\xbb\xbf1,2,3\n4,5,6\n",
        b"  \n1,2,3\n \t \r\n\t\n   \n4,5,6\n  ",
    ],
)
def test_spellings_of_the_same_table(content):
    batch = read_one("text/csv", content)

    assert (dense(batch), batch.labels.tolist()) == ([[2, 3], [5, 6]], [1, 4])


@pytest.mark.parametrize(
    ("label_size", "features", "labels"), [(0, [[1, 2, 3]], None), (1, [[2, 3]], [1]), (2, [[3]], [[1, 2]])]
)
def test_label_size_of_the_content_type_wins(label_size, features, labels):
    batch = read_one(f"text/csv; label_size={label_size}", b"1,2,3\n")

    assert dense(batch) == features
    assert (batch.labels if batch.labels is None else batch.labels.tolist()) == labels


def test_label_size_that_is_no_number():
    with pytest.raises(UserError, match="label_size: expected a whole number, got 'one'"):
        list(read("text/csv;label_size=one", b"1,2\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"age,income\n1,2\n", "train/a, line 1: a header row ('age', 'income'); expected numbers only: remove the first line"),
        (b"1,2\n\n3,x\n", "train/a, line 3, column 2: expected a finite number, got 'x'"),
        (b"x,2\n1,2\n", "train/a, line 1, column 1: expected a label, a finite number, got 'x'"),
        (b"1,2\n,3\n", "train/a, line 2, column 1: expected a label, a finite number, got ''"),
        (b"1,2\n3,\n", "train/a, line 2, column 2: expected a finite number, got ''"),
        (b"1,2\n3,nan\n", "train/a, line 2, column 2: expected a finite number, got 'nan'"),
        (b"1,2\n3,-inf\n", "train/a, line 2, column 2: expected a finite number, got '-inf'"),
        (b"1,2\n3,1e39\n", "train/a, line 2, column 2: expected a finite number, got '1e39'"),
        (b"1,2\n3,1_0\n", "train/a, line 2, column 2: expected a finite number, got '1_0'"),
        (b'1,2\n3,"1,5"\n', "train/a, line 2, column 2: expected a finite number, got '1,5'"),
        (b"1,2\n3,4,5\n", "train/a, line 2: expected 2 columns (1 label, 1 feature), got 3 columns"),
        (b"1\n2\n", "train/a, line 1: expected at least 2 columns (1 label and the features), got 1 column"),
        (b"1,2\r3,4\r", "train/a, line 1: expected lines that end in LF or CRLF, got a CR inside the line"),
        (b"1,2\n \n3,4\r5,6\n", "train/a, line 3: expected lines that end in LF or CRLF, got a CR inside the line"),
        (b"1;2.5;\n3;4;5\n", "train/a, line 1: expected commas between the values, got semicolons: '1;2.5;'"),
        (b"\n1\t2\r\n", "train/a, line 2: expected commas between the values, got tabs: '1\\t2'"),
        (b"1,2\n3;4\n", "train/a, line 2: expected commas between the values, got semicolons: '3;4'"),
        (b"1|2\n", "train/a, line 1: expected commas between the values, got bars: '1|2'"),
        (b"1 2\n", "train/a, line 1: expected commas between the values, got blanks: '1 2'"),
        (b"1 0:2 3:4\n", "train/a, line 1: this looks like libsvm; set content_type to text/libsvm: '1 0:2 3:4'"),
        (b"0:2 \n", "train/a, line 1: this looks like libsvm; set content_type to text/libsvm"),
        (b"0:2.5e3\t3:nan # rest\n", "train/a, line 1: this looks like libsvm; set content_type to text/libsvm"),
        (b"1,2\n1:2,3\n", "train/a, line 2, column 1: expected a label, a finite number, got '1:2'"),
        (b"age;income\n1;2\n", "train/a, line 1: a header row ('age;income')"),
        (gzip.compress(b"1,2\n", mtime=0), "train/a: expected text, got what looks gzipped"),
    ],
)
def test_bad_rows_are_refused_by_line_and_column(content, message):
    with pytest.raises(UserError) as error:
        list(read("text/csv", content))

    assert str(error.value).startswith(message)


def test_a_width_that_changes_far_into_the_file_is_named():
    content = b"1,2,3\n" * 69_999 + b"1,2\n" + b"1,2,3\n" * 9

    with pytest.raises(UserError, match=r"train/a, line 70000: expected 3 columns \(1 label, 2 features\), got 2 columns"):
        list(read("text/csv", content))


@pytest.mark.parametrize("contents", [(b"1,2,3\n", b"1,2\n"), (b"\n1,2,3\n" * 3, b"1,2,3,4\n")])
def test_all_files_have_one_width(contents):
    with pytest.raises(UserError, match=r"train/b, line 1: expected 3 columns \(1 label, 2 features\)"):
        list(read("text/csv", *contents))


def test_a_width_that_is_given_is_insisted_on():
    with pytest.raises(UserError, match=r"train/a, line 1: expected 4 columns \(1 label, 3 features\), got 3 columns"):
        list(read("text/csv", b"1,2,3\n", features=3))


def test_values_may_be_missing_where_that_is_allowed_but_labels_never():
    batch = read_one("text/csv", b"1,,3\n2,nan,4\n3,5,\n4,,\r\n", missing=True)

    assert [["-" if math.isnan(value) else value for value in row] for row in dense(batch)] == [
        ["-", 3],
        ["-", 4],
        [5, "-"],
        ["-", "-"],
    ]
    for content in (b"1,2\n,3\n", b"1,2\nnan,3\n"):
        with pytest.raises(UserError, match="line 2, column 1: expected a label, a finite number"):
            list(read("text/csv", content, missing=True))
    with pytest.raises(UserError, match="column 2: expected a finite number or nothing, got 'inf'"):
        list(read("text/csv", b"1,inf\n", missing=True))


def test_the_weight_stands_after_the_label():
    batch = read_one("text/csv", b"1,0.5,3\n0,2,4\n", weights=True)

    assert (dense(batch), batch.labels.tolist(), batch.weights.tolist()) == ([[3], [4]], [1, 0], [0.5, 2])
    assert batch.weights.dtype == np.float32
    assert batch.weights.flags.c_contiguous


@pytest.mark.parametrize("weight", ["-1", "nan", "", "x"])
def test_a_weight_is_a_finite_number_from_0(weight):
    with pytest.raises(UserError) as error:
        list(read("text/csv", f"1,0,3\n0,{weight},4\n".encode(), weights=True, missing=True))

    assert str(error.value) == f"train/a, line 2, column 2: expected a weight, a finite number from 0, got {weight!r}"


def test_the_width_counts_the_weight():
    with pytest.raises(UserError, match=r"line 2: expected 3 columns \(1 label, 1 weight, 1 feature\), got 2 columns"):
        list(read("text/csv", b"1,2,3\n1,2\n", weights=True))
    with pytest.raises(UserError, match=r"expected at least 3 columns \(1 label, 1 weight and the features\), got 2 columns"):
        list(read("text/csv", b"1,2\n", weights=True))


@pytest.mark.parametrize(
    "content",
    [
        b"1,2,3\n4,5,6\n",
        b"1;2;3\n4;5;6\n",
        b"1\t2\t3\r\n\r\n4\t5\t6\r\n",
        b"\n1|2|3\n4|5|6\n",
        b"1 2 3\n4 5 6\n",
        b"  1   2 3  \r\n4 5   6",
        b"1, 2, 3\n4, 5, 6\n",
        b'"1";"2";"3"\n4; 5 ;6\n',
    ],
)
def test_the_first_line_tells_the_delimiter_where_several_are_allowed(content):
    batch = read_one("text/csv", content, delimiters=DELIMITERS)

    assert (dense(batch), batch.labels.tolist()) == ([[2, 3], [5, 6]], [1, 4])


def test_every_file_has_its_own_delimiter():
    assert dense(read_one("text/csv", b"1;2\n", b"3,4\n", delimiters=DELIMITERS)) == [[2], [4]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_fields_may_be_missing_whatever_the_delimiter(delimiter):
    batch = read_one("text/csv", b"1,,3\n2,4,\n".replace(b",", delimiter.encode()), delimiters=DELIMITERS, missing=True)

    assert np.array_equal(batch.features, [[math.nan, 3], [4, math.nan]], equal_nan=True)


def test_another_delimiter_than_that_of_the_first_line():
    with pytest.raises(UserError, match="train/a, line 2: expected semicolons between the values, got commas: '3,4'"):
        list(read("text/csv", b"1;2\n3,4\n", delimiters=DELIMITERS))
    with pytest.raises(UserError, match=r"train/a, line 2: expected 2 columns \(1 label, 1 feature\), got 3 columns"):
        list(read("text/csv", b"1 2\n3  4 5\n", delimiters=DELIMITERS))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_blocks_of_any_size_hold_the_same_rows_and_lines(size, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", size)
    content = b"1,2\r\n\n3,44\n5,6"

    batches = list(csv.read(Pipe(content), "pipe", Layout(labels=1)))

    assert [row for batch in batches for row in dense(batch)] == [[2], [44], [6]]
    with pytest.raises(UserError, match="pipe, line 5, column 1"):
        list(csv.read(Pipe(content + b"\nx,1"), "pipe", Layout(labels=1)))


def test_a_stream_without_line_ends_is_not_read_into_memory(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 1 << 20)
    endless = Pipe(b"\0" * (1 << 25), chunk=1 << 16)

    with pytest.raises(UserError, match=r"pipe, line 1: no line end within 1 MiB"):
        list(csv.read(endless, "pipe", Layout()))
    assert endless.read(1) == b"\0"

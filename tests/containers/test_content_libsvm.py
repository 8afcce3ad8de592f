import io

import numpy as np
import pytest
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

from containers.content import libsvm, lines
from containers.content.layout import Layout
from containers.errors import UserError
from tests.containers.parts import Pipe, dense, read, read_one


def test_labels_weights_comments_and_query_ids():
    batch = read_one("text/libsvm", b"1 qid:2 0:2 3:4 # a comment\n# another\n\n-1:0.5 qid:7\t1:2.5\r\n0 qid:7\n")

    assert batch.is_sparse
    assert batch.features.dtype == np.float32
    assert dense(batch) == [[2, 0, 0, 4], [0, 2.5, 0, 0], [0, 0, 0, 0]]
    assert batch.labels.tolist() == [1, -1, 0]
    assert batch.weights.tolist() == [1, 0.5, 1]
    assert batch.queries.tolist() == [2, 7, 7]
    assert batch.queries.dtype == np.int64


def test_without_query_ids_there_are_none():
    assert read_one("text/libsvm", b"1 0:2\n0 1:1\n").queries is None


def test_all_rows_have_a_query_id_or_none():
    with pytest.raises(UserError, match="train/a, line 3: expected qid:n in all rows or in none"):
        list(read("text/libsvm", b"1 qid:1 0:2\n\n0 1:1\n"))
    with pytest.raises(UserError, match="train/b: expected qid:n in all rows or in none"):
        list(read("text/libsvm", b"1 0:2\n", b"0 qid:1 1:1\n"))


def test_the_index_base_is_what_is_said_and_never_guessed():
    content = b"1 1:5 2:6\n"

    assert dense(read_one("text/libsvm", content)) == [[0, 5, 6]]
    assert dense(read_one("text/libsvm", content, index_base=1)) == [[5, 6]]
    with pytest.raises(UserError, match="train/a, line 2: expected an index from 1, got '0:5'"):
        list(read("text/libsvm", b"1 1:1\n1 0:5\n", index_base=1))


def test_in_a_request_the_label_may_be_absent():
    batch = read_one("text/libsvm", b"10 1:2 2:3\n1:4\n7\n2:5 1:6\n", labels=0, features=3)

    assert dense(batch) == [[0, 2, 3], [0, 4, 0], [0, 0, 0], [0, 6, 5]]
    assert batch.labels is None


def test_without_a_width_batches_are_as_wide_as_the_widest_row_so_far(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", 10)

    widths = [batch.features.shape[1] for batch in libsvm.read(Pipe(b"1 0:1\n1 4:1 5:1\n1 2:1\n"), "pipe", Layout(labels=1))]

    assert widths == sorted(widths)
    assert (widths[0], widths[-1]) == (1, 6)


def test_files_of_several_widths_make_one_batch_of_the_widest():
    batch = read_one("text/libsvm", b"1 0:1\n", b"0 3:2\n", b"1 1:3\n")

    assert dense(batch) == [[1, 0, 0, 0], [0, 0, 0, 2], [0, 3, 0, 0]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("a 1:2", "expected a label, a finite number, got 'a'"),
        ("nan 1:2", "expected a label, a finite number, got 'nan'"),
        ("1e39 1:2", "expected a label, a finite number, got '1e39'"),
        ("1 2:3:4", "expected index:value, got '2:3:4'"),
        ("1 1: 2", "expected index:value, got '1:'"),
        ("1 1:x", "expected index:value, got '1:x'"),
        ("1 -1:2", "expected index:value, got '-1:2'"),
        ("1 1:inf", "expected index:value, got '1:inf'"),
        ("1 1:2 3", "expected index:value, got '3'"),
        ("1 qid:a 1:2", "expected index:value, got 'qid:a'"),
        ("1 9999999999999999999:1", "expected index:value, got '9999999999999999999:1'"),
        ("1:-2 0:1", "expected a weight, a finite number from 0, got '-2'"),
        ("1:1e39 0:1", "expected a weight, a finite number from 0, got '1e39'"),
        ("1,2.5,3", "this looks like CSV; set content_type to text/csv: '1,2.5,3'"),
        ("1; -2e3", "this looks like CSV; set content_type to text/csv: '1; -2e3'"),
        ("1 2 3", "this looks like CSV; set content_type to text/csv: '1 2 3'"),
        ('"age","income"', 'this looks like CSV; set content_type to text/csv: \'"age","income"\''),
        ("1 5:1", "expected an index from 0 to 4, got '5:1'"),
        ("1 1:nan", "expected a finite number, got '1:nan'"),
        ("1 1:1e39", "expected a finite number, got '1:1e39'"),
        ("1 3:1 1:2 3:4", "index 3 occurs twice"),
    ],
)
def test_bad_lines_are_refused_by_number(line, message):
    with pytest.raises(UserError) as error:
        list(read("text/libsvm", f"1 0:1\n\n{line}\n".encode(), features=5))

    assert str(error.value) == f"train/a, line 3: {message}"


@pytest.mark.parametrize("line", ["1 1:" + "1" * 300_000 + "x", "1" * 300_000 + "x 1:1", "1" + " " * 300_000 + "x"])
def test_a_hostile_line_takes_no_longer_than_a_good_one(line):
    with pytest.raises(UserError, match="train/a, line 1: expected "):
        list(read("text/libsvm", line.encode()))


def test_reads_what_scikit_learn_writes():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(50, 20)).astype(np.float32) * (rng.random((50, 20)) < 0.3)
    file = io.BytesIO()
    dump_svmlight_file(table, rng.integers(0, 2, 50), file, zero_based=False, comment="generated")

    batch = read_one("text/x-libsvm", file.getvalue(), index_base=1, features=20)

    theirs, labels = load_svmlight_file(io.BytesIO(file.getvalue()), zero_based=False, n_features=20)
    assert np.array_equal(batch.features.toarray(), theirs.toarray().astype(np.float32))
    assert np.array_equal(batch.labels, labels)

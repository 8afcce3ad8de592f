"""Records to arrays: what was written comes back, and what does not fit is named."""

from __future__ import annotations

import contextlib
import io
import itertools
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import recordio
from recordio import RecordBatch, RecordIOError
from recordio.framing import BLOCK
from recordio.record_pb2 import Record
from tests.recordio.streams import Dribble, frame


def messages(*records: Any) -> bytes:
    return b"".join(frame(record.SerializeToString()) for record in records)


def dense(values: list[float], label: list[float] | None = None, kind: str = "float32_tensor") -> Any:
    record = Record()
    getattr(record.features["values"], kind).values.extend(values)
    if label is not None:
        record.label["values"].float32_tensor.values.extend(label)
    return record


def sparse_row(values: list[float], keys: list[int], shape: list[int]) -> Any:
    record = dense(values)
    record.features["values"].float32_tensor.keys.extend(keys)
    record.features["values"].float32_tensor.shape.extend(shape)
    return record


@pytest.mark.parametrize("rows", [1, 2, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
@pytest.mark.parametrize("width", [1, 3, 200])
def test_round_trip_of_everything(rows: int, dtype: type, width: int) -> None:
    rng = np.random.default_rng(rows * width)
    table = rng.integers(-1000, 1000, (rows, width)).astype(dtype)
    csr = sparse.csr_array(table * rng.integers(0, 2, table.shape).astype(dtype))
    names = [f"row {row}" * (row % 3) for row in range(rows)]
    content = recordio.encode(
        {"values": table, "größer": csr}, {"values": table[:, 0], "vector": table[:, :2]}, uids=names, metadata=names[::-1]
    )
    batch = recordio.decode(content)
    assert len(batch) == rows
    assert list(batch.features) == ["größer", "values"]
    assert batch.values.dtype == dtype
    np.testing.assert_array_equal(batch.values, table)
    assert (batch.features["größer"] != csr).nnz == 0
    assert batch.features["größer"].dtype == dtype
    np.testing.assert_array_equal(batch.label, table[:, 0])
    np.testing.assert_array_equal(batch.labels["vector"], table[:, 0] if width == 1 else table[:, :2])
    if rows > 1:
        assert batch.uids == names
        assert batch.metadata == names[::-1]


def test_floats_come_back_bit_for_bit() -> None:
    table = np.array([[np.nan, np.inf, -0.0, np.finfo(np.float32).tiny, 5e-46]], np.float32)
    assert recordio.decode(recordio.encode(table)).values.tobytes() == table.tobytes()


def test_arrays_may_be_changed_and_are_aligned() -> None:
    batch = recordio.decode(recordio.encode(np.ones((2, 3)), np.ones(2)))
    for array in (batch.values, batch.label):
        array += 1
        assert array.flags.aligned
        assert array.flags.writeable


def test_labels_alone() -> None:
    content = recordio.encode({}, {"score": np.array([0.5, 0.25]), "predicted_label": np.array([1, 0])})
    batch = recordio.decode(content)
    assert len(batch) == 2
    assert batch.label is None
    np.testing.assert_array_equal(batch.labels["score"], [0.5, 0.25])
    with pytest.raises(ValueError, match="no feature 'values'; theirs: none"):
        _ = batch.values


def same(left: RecordBatch, right: RecordBatch) -> bool:
    def plain(matrix: Any) -> Any:
        return matrix.toarray() if sparse.issparse(matrix) else matrix

    return (
        all(np.array_equal(plain(left.features[name]), plain(right.features[name])) for name in left.features)
        and all(np.array_equal(left.labels[name], right.labels[name]) for name in left.labels)
        and (left.uids, left.metadata) == (right.uids, right.metadata)
    )


@pytest.mark.parametrize("most", [1, 50, 1 << 20])
@pytest.mark.parametrize("sort", ["dense", "sparse"])
def test_batches_have_the_rows_asked_for(sort: str, most: int) -> None:
    table = np.random.default_rng(0).integers(0, 3, (23, 4)).astype(np.float32)
    features = table if sort == "dense" else sparse.csr_array(table)
    content = recordio.encode(features, table[:, 0], uids=["x" * row for row in range(23)])
    batches = list(recordio.read_batches(Dribble(content, most), 10))
    assert [len(batch) for batch in batches] == [10, 10, 3]
    for number, batch in enumerate(batches):
        rows = slice(10 * number, 10 * number + 10)
        assert same(
            batch, recordio.decode(recordio.encode(features[rows], table[rows, 0], uids=["x" * row for row in range(23)][rows]))
        )


def test_batches_of_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="rows: expected at least 1, got 0"):
        next(recordio.read_batches(io.BytesIO(), 0))


def test_files_and_directories(tmp_path: Path) -> None:
    table = np.arange(12, dtype=np.float32).reshape(6, 2)
    (tmp_path / "b").mkdir()
    recordio.write(tmp_path / "a.rec", table[:2])
    recordio.write(tmp_path / "b" / "part", table[2:4])
    recordio.write(tmp_path / "c.rec", table[4:])
    for hidden in (".hidden", "_SUCCESS"):
        (tmp_path / hidden).write_bytes(b"no record")
    np.testing.assert_array_equal(recordio.read(tmp_path).values, table)
    np.testing.assert_array_equal(recordio.read(str(tmp_path / "c.rec")).values, table[4:])
    recordio.write(tmp_path / "d.rec", np.zeros((1, 3), np.float32))
    with pytest.raises(
        RecordIOError, match=r"d\.rec: record 0 at byte 0: feature 'values' holds 3 values, the first record's 2"
    ):
        recordio.read(tmp_path)


def test_messages_of_any_length() -> None:
    records = [dense([1.0] * length) for length in (3, 1, 5)]
    assert list(recordio.read_messages(io.BytesIO(messages(*records)))) == records


def test_other_writers_forms_are_read() -> None:
    """Values that are not packed, fields in another order, fields of another version, and a map's entry twice."""
    plain = dense([1.0, 2.0], [3.0]).SerializeToString()
    label, feature = plain[len(plain) - 20 :], plain[: len(plain) - 20]
    unpacked = bytes.fromhex("0a160a0676616c756573120c120a") + b"".join(
        b"\x0d" + np.float32(value).tobytes() for value in (1, 2)
    )
    forms = [plain, label + feature, plain + b"\x9a\x06\x03new", feature + plain, unpacked + label]
    batch = recordio.decode(b"".join(map(frame, forms)))
    np.testing.assert_array_equal(batch.values, [[1, 2]] * len(forms))
    np.testing.assert_array_equal(batch.label, [3] * len(forms))


@pytest.mark.parametrize("names", list(itertools.permutations(["a", "ab", "b"])))
def test_maps_may_be_written_in_any_order(names: tuple[str, ...]) -> None:
    """Protobuf itself puts 'ab' before 'a' in some versions."""
    entries = []
    for name in names:
        entry = Record()
        entry.features[name].float32_tensor.values.append(names.index(name))
        entries.append(entry.SerializeToString())
    batch = recordio.decode(frame(b"".join(entries)))
    assert {name: column.tolist() for name, column in batch.features.items()} == {
        name: [[names.index(name)]] for name in sorted(names)
    }


def test_keys_are_sorted() -> None:
    batch = recordio.decode(messages(sparse_row([1, 2, 3], [7, 0, 300], [400]), sparse_row([], [], [400])))
    assert batch.values.has_canonical_format
    assert batch.values.indices.tolist() == [0, 7, 300]
    assert batch.values.data.tolist() == [2, 1, 3]
    assert batch.values.shape == (2, 400)


def test_more_columns_than_memory_could_hold() -> None:
    batch = recordio.decode(messages(sparse_row([1], [1 << 40], [1 << 41])))
    assert batch.values.shape == (1, 1 << 41)
    assert batch.values.indices.tolist() == [1 << 40]


def test_a_dense_tensor_may_have_a_shape() -> None:
    batch = recordio.decode(messages(sparse_row([1, 2, 3, 4], [], [2, 2])))
    np.testing.assert_array_equal(batch.values, [[1, 2, 3, 4]])


GOOD = dense([1, 2], [0])
ROW = sparse_row([1], [1], [4])
IMAGE = Record()
IMAGE.features["values"].bytes.value.append(b"png")
NAMELESS = Record()
NAMELESS.features["other"].float32_tensor.values.append(1)
UNSET = Record()
UNSET.features["values"].Clear()


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([GOOD, dense([1, 2, 3], [0])], "feature 'values' holds 3 values, the first record's 2"),
        ([GOOD, dense([1, 2])], "no label 'values', which the first record has"),
        ([GOOD, dense([1, 2], [0, 1])], "label 'values' holds 2 values, the first record's 1"),
        ([dense([1, 2]), GOOD], "label 'values', which the first record does not have"),
        ([dense([1]), NAMELESS], "no feature 'values', which the first record has"),
        ([dense([1]), dense([1], kind="float64_tensor")], "feature 'values' holds Float64, the first record's Float32"),
        ([dense([1]), IMAGE], "feature 'values' holds bytes; expected a Float32, Float64 or Int32 tensor"),
        ([IMAGE], "feature 'values' holds bytes"),
        ([dense([1]), UNSET], "feature 'values' holds no tensor"),
        ([dense([1]), Record()], "the record has neither features nor labels"),
        ([Record()], "the record has neither features nor labels"),
        ([dense([])], "feature 'values' is empty"),
        ([dense([1]), ROW], "feature 'values' is sparse, the first record's dense"),
        ([dense([1]), sparse_row([1], [0], [])], "feature 'values' is sparse and has no shape"),
        ([ROW, dense([1])], "feature 'values' is dense, the first record's sparse"),
        ([ROW, sparse_row([1], [1], [5])], r"feature 'values' has the shape \(5,\), the first record's \(4,\)"),
        ([ROW, sparse_row([1], [1], [])], "feature 'values' is sparse and has no shape"),
        ([ROW, sparse_row([1], [4], [4])], "feature 'values' has the key 4, beyond its shape"),
        ([ROW, sparse_row([1], [(1 << 64) - 1], [4])], "feature 'values' has the key 18446744073709551615, beyond its shape"),
        ([ROW, sparse_row([1, 2], [3, 3], [4])], "feature 'values' has the key 3 twice"),
        ([ROW, sparse_row([1, 2], [3], [4])], "feature 'values' has not as many keys as values"),
        ([sparse_row([1, 2], [], [4])], r"feature 'values' holds 2 values, which do not fill its shape \(4,\)"),
        ([sparse_row([1], [1], [2] * 65)], "feature 'values' has 65 dimensions; expected at most 64"),
        ([sparse_row([1], [1], [1 << 40, 1 << 40])], "which is more than an array can have"),
    ],
)
@pytest.mark.parametrize("before", [0, 30])
def test_records_that_do_not_fit(records: list[Any], problem: str, before: int) -> None:
    content = messages(*[records[0]] * before * (len(records) > 1), *records)
    with pytest.raises(RecordIOError, match=problem) as raised:
        recordio.decode(content)
    assert raised.value.record == (before + 1 if len(records) > 1 else 0)
    offsets = [0]
    for payload in recordio.read_frames(io.BytesIO(content)):
        offsets.append(offsets[-1] + len(frame(payload)))
    assert raised.value.offset == offsets[raised.value.record]


def test_texts_that_are_not_utf8() -> None:
    content = recordio.encode(np.zeros((3, 2)), uids=["one", "two", "six"])
    with pytest.raises(RecordIOError, match=r"^record 1 at byte \d+: uid is not UTF-8"):
        recordio.decode(content.replace(b"two", b"t\xff\xff"))


def test_width_that_changes_in_a_later_batch() -> None:
    content = recordio.encode(np.zeros((100, 2))) + recordio.encode(np.zeros((1, 3)))
    batches = recordio.read_batches(io.BytesIO(content), 50)
    with pytest.raises(RecordIOError, match=r"^record 100 at byte 4000: feature 'values' holds 3 values"):
        list(batches)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ("ff", "the payload is no aialgs.data.Record message"),
        ("0a0f 0a0676616c756573 1205 3a03 0a01 80", "the payload is no aialgs.data.Record message"),
        ("0a13 0a0676616c756573 1209 3a07 0a05 8080808008", "feature 'values' holds 2147483648, which is no 32-bit integer"),
        ("0a12 0a06ff6c75657300 1208 1206 0a04 00000000", "a name, the uid, the metadata or the configuration is not UTF-8"),
        (
            "0a12 0a0676616c756573 1208 1206 0a04 00000000 1a02 ffff",
            "a name, the uid, the metadata or the configuration is not UTF-8",
        ),
    ],
)
def test_payloads_that_are_no_record(payload: str, problem: str) -> None:
    with pytest.raises(RecordIOError, match=problem) as raised:
        recordio.decode(frame(bytes.fromhex(payload.replace(" ", ""))))
    assert (raised.value.record, raised.value.offset) == (0, 0)


@pytest.mark.parametrize("last", ["02", "8100"])
def test_varints_of_more_than_64_bits(last: str) -> None:
    """As the second record, which is not parsed by protobuf."""
    good = recordio.encode(np.array([[-1]]))
    wide = bytes.fromhex("ff" * 9 + last)
    payload = next(recordio.read_frames(io.BytesIO(good)))
    assert payload.endswith(bytes.fromhex("ff" * 9 + "01"))
    grown = 1 if last == "8100" else 0
    damaged = bytearray(payload[:-10] + wide)
    for place in (1, 11, 13, 15):
        damaged[place] += grown
    with pytest.raises(RecordIOError, match=r"^record 1 at byte \d+: feature 'values' has a broken varint among its values"):
        recordio.decode(good + frame(bytes(damaged)))


def test_memory_is_bounded_by_a_batch() -> None:
    """100 MB in batches of 1 MB need the window, which is twice as large as a block, and little more."""
    block = recordio.encode(np.ones((1000, 250), np.float32))

    class Repeating:
        left = 100 * len(block)

        def read(self, size: int, /) -> bytes:
            begin = -self.left % len(block)
            piece = block[begin : begin + min(size, self.left)]
            self.left -= len(piece)
            return piece

    tracemalloc.start()
    try:
        assert sum(len(batch) for batch in recordio.read_batches(Repeating(), 1000)) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 5 * BLOCK
    finally:
        tracemalloc.stop()


def labelled(names: list[str], uid: str = "") -> bytes:
    record = Record(uid=uid)
    for name in names:
        record.label[name].float32_tensor.values.append(1)
    return frame(record.SerializeToString())


MANY = [str(number) for number in range(300)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (labelled(["name" * 500]) + frame(b"") * 250_000, "record 1 at byte 2028: the record has neither features nor labels"),
        (labelled(MANY) + labelled(["1"]) * 80_000, "record 1 at byte .*: no label '0', which the first record has"),
        ((labelled(["name" * 500]) + labelled(["name" * 500], "x")) * 500, None),
        ((labelled(MANY) + labelled(MANY, "x")) * 200, None),
    ],
)
def test_memory_is_bounded_by_the_bytes_that_came(content: bytes, problem: str | None) -> None:
    """Long names and many columns in the first record cost nothing for those that do not have them."""
    tracemalloc.start()
    try:
        with pytest.raises(RecordIOError, match=problem) if problem else contextlib.nullcontext():
            recordio.read(io.BytesIO(content))
        assert tracemalloc.get_traced_memory()[1] < 4 * BLOCK
    finally:
        tracemalloc.stop()


def test_the_first_record_that_differs_is_named_where_a_later_one_is_too_short() -> None:
    content = messages(dense([1, 2]), dense([1, 2]), dense([1, 2, 3]), Record())
    with pytest.raises(RecordIOError, match=r"^record 2 at byte \d+: feature 'values' holds 3 values"):
        recordio.decode(content)


def test_a_name_longer_than_all_that_follows() -> None:
    content = labelled(["n" * 200_000]) + labelled(["m"])
    batches = recordio.read_batches(Dribble(content, 1 << 10), 1)
    assert len(next(batches)) == 1
    with pytest.raises(RecordIOError, match=r"^record 1 at byte 200028: no label 'nnn"):
        next(batches)


def test_scipy_is_not_imported_for_dense_rows() -> None:
    """A server that answers dense requests need not wait and pay for it."""
    program = (
        "import sys, numpy, recordio; recordio.decode(recordio.encode(numpy.ones((2, 2)))); sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

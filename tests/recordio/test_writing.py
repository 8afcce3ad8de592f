"""Arrays to records: the SDK's bytes, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import recordio
from recordio import RecordIOError
from tests.recordio.streams import Stuttering

#: Written by `sagemaker.amazon.common` of the SageMaker SDK 2.257.7.
GOLDEN: dict[str, tuple[Any, Any, str]] = {
    "float32, float32 label": (
        np.array([[1.5, -2], [0, 3]], np.float32),
        np.array([1, 0], np.float32),
        "0a23d7ce2c0000000a160a0676616c756573120c120a0a080000c03f000000c012120a0676616c756573120812060a040000803f"
        "0a23d7ce2c0000000a160a0676616c756573120c120a0a08000000000000404012120a0676616c756573120812060a0400000000",
    ),
    "float64, int64 label": (
        np.array([[0.1]]),
        np.array([2]),
        "0a23d7ce290000000a160a0676616c756573120c1a0a0a089a9999999999b93f120f0a0676616c75657312053a030a0102000000",
    ),
    "int64, no label": (
        np.array([[1, -1, 300]]),
        None,
        "0a23d7ce1d0000000a1b0a0676616c75657312113a0f0a0d01ffffffffffffffffff01ac02000000",
    ),
    "sparse float32 with a row of zeros, float64 label": (
        sparse.csr_array(np.array([[0, 2, 0, 1], [0, 0, 0, 0]], np.float32)),
        np.array([1.0, 0.0]),
        "0a23d7ce370000000a1d0a0676616c756573121312110a08000000400000803f120201031a010412160a0676616c756573120c1a0a0a08000000"
        "000000f03f000a23d7ce290000000a0f0a0676616c756573120512031a010412160a0676616c756573120c1a0a0a080000000000000000000000",
    ),
    "sparse int64 with wide keys": (
        sparse.csr_array((np.array([5, 6]), np.array([0, 200]), np.array([0, 2])), shape=(1, 1000)),
        None,
        "0a23d7ce1b0000000a190a0676616c756573120f3a0d0a020506120300c8011a02e80700",
    ),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_bytes_are_the_sdks(case: str) -> None:
    features, labels, expected = GOLDEN[case]
    assert recordio.encode(features, labels).hex() == expected
    batch = recordio.decode(bytes.fromhex(expected))
    dense = features.toarray() if sparse.issparse(features) else features
    found = batch.values.toarray() if sparse.issparse(batch.values) else batch.values
    assert sparse.issparse(batch.values) == sparse.issparse(features)
    np.testing.assert_array_equal(found, dense)
    if labels is None:
        assert batch.label is None
    else:
        np.testing.assert_array_equal(batch.label, labels)


def test_layout_in_memory_and_byte_order_do_not_matter() -> None:
    features = np.arange(12, dtype=np.float64).reshape(3, 4)
    labels = np.array([1, 2, 3], np.int64)
    expected = recordio.encode(features, labels)
    assert recordio.encode(np.asfortranarray(features), labels) == expected
    assert recordio.encode(features.astype(">f8"), labels.astype(">i2")) == expected
    assert recordio.encode(np.repeat(features, 2, axis=0)[::2], labels.astype(np.uint8)) == expected


def test_any_sparse_format_is_written_as_sorted_csr() -> None:
    unsorted = sparse.csr_array((np.array([1.0, 2.0, 3.0]), np.array([3, 0, 3]), np.array([0, 3])), shape=(1, 4))
    expected = recordio.encode(sparse.csr_array(np.array([[2.0, 0, 0, 4.0]])))
    assert recordio.encode(unsorted) == expected
    assert recordio.encode(unsorted.tocoo()) == expected
    assert unsorted.nnz == 3  # the caller's matrix is as it was


def test_target_may_be_a_path_or_any_stream(tmp_path: Path) -> None:
    features = np.arange(6, dtype=np.float32).reshape(3, 2)
    stream = Stuttering()
    recordio.write(stream, features)
    recordio.write(tmp_path / "data.rec", features)
    assert stream.content == (tmp_path / "data.rec").read_bytes() == recordio.encode(features)


def test_no_rows_are_no_bytes() -> None:
    assert recordio.encode(np.empty((0, 3)), np.empty(0)) == b""
    assert len(recordio.decode(b"")) == 0


@pytest.mark.parametrize("value", [1 << 31, -(1 << 31) - 1])
def test_integers_must_fit_32_bits(value: int, tmp_path: Path) -> None:
    features = np.zeros((3, 2), np.int64)
    features[1, 1] = value
    for table in (features, sparse.csr_array(features)):
        with pytest.raises(RecordIOError, match=f"^record 1: feature 'values' holds {value}, which is no 32-bit integer$"):
            recordio.write(tmp_path / "never.rec", table)
    assert not (tmp_path / "never.rec").exists()


def test_limits_of_32_bits_fit() -> None:
    features = np.array([[-(1 << 31), (1 << 31) - 1]])
    np.testing.assert_array_equal(recordio.decode(recordio.encode(features)).values, features)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"labels": np.zeros(2)}, "record 2: label 'values': 2 rows, but feature 'values' has 3"),
        ({"labels": np.zeros(4)}, "record 3: label 'values': 4 rows, but feature 'values' has 3"),
        ({"uids": ["a"]}, "record 1: uids: 1 rows, but feature 'values' has 3"),
        ({"metadata": []}, "record 0: metadata: 0 rows, but feature 'values' has 3"),
    ],
)
def test_rows_must_match(arguments: dict[str, Any], problem: str) -> None:
    stream = io.BytesIO()
    with pytest.raises(RecordIOError) as raised:
        recordio.write(stream, np.zeros((3, 2)), **arguments)
    assert str(raised.value) == problem
    assert not stream.getvalue()


@pytest.mark.parametrize(
    ("features", "labels", "problem"),
    [
        (np.zeros(3), None, r"feature 'values': expected the shape \(rows, width\), got \(3,\)"),
        (np.zeros((3, 0)), None, "feature 'values': expected at least one value per row"),
        (np.zeros((3, 2), bool), None, "feature 'values': expected float32, float64 or integers, got bool"),
        (np.zeros((3, 2), np.float16), None, "expected float32, float64 or integers, got float16"),
        (np.array([["a"]]), None, "expected float32, float64 or integers, got <U1"),
        (np.zeros((3, 2)), sparse.csr_array(np.eye(3)), "label 'values': expected a dense array, got a sparse one"),
        (np.zeros((3, 2)), np.zeros((3, 1, 1)), "label 'values': expected the shape"),
        ({}, None, "expected at least one feature or label"),
    ],
)
def test_arrays_that_are_no_records(features: Any, labels: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        recordio.encode(features, labels)

"""Damaged streams: `RecordIOError`, or rows that are still well-formed; nothing else escapes."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

import recordio
from recordio import RecordBatch, RecordIOError
from recordio.framing import MAGIC
from recordio.record_pb2 import Record
from tests.recordio.streams import Dribble, frame, valid

VALID = valid()
DTYPES = {np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.int32)}


def check(batch: RecordBatch) -> None:
    rows = len(batch)
    for matrix in batch.features.values():
        assert matrix.shape[0] == rows
        assert matrix.shape[1] > 0
        assert matrix.dtype in DTYPES
        if not isinstance(matrix, np.ndarray):
            assert len(matrix.data) == len(matrix.indices) == matrix.indptr[-1]
            matrix.check_format(full_check=True)
            assert matrix.has_canonical_format
    for label in batch.labels.values():
        assert label.shape[0] == rows
        assert label.ndim == 1 or label.shape[1] > 1
        assert label.dtype in DTYPES
    for texts in (batch.uids, batch.metadata):
        assert texts is None or len(texts) == rows


def try_everything(content: bytes, most: int = 1 << 16) -> RecordBatch | None:
    """Read a stream in every way; returns what was read, or None for a `RecordIOError`."""
    payloads, messages, batches = [], [], []
    result = None
    try:
        payloads.extend(recordio.read_frames(Dribble(content, most)))
        messages.extend(recordio.read_messages(Dribble(content, most)))
        result = recordio.read(Dribble(content, most))
        check(result)
    except RecordIOError as error:
        assert 0 <= error.offset <= len(content)  # type: ignore[operator]
    try:
        batches.extend(recordio.read_batches(Dribble(content, most), 2))
    except RecordIOError:
        assert result is None
    else:
        assert result is not None
        assert sum(map(len, batches)) == len(result) == len(payloads)
    for batch in batches:
        check(batch)
    for payload, message in zip(payloads, messages, strict=False):
        assert message == Record.FromString(payload)
    return result


@pytest.mark.parametrize("name", VALID)
def test_the_streams_are_valid(name: str) -> None:
    assert try_everything(VALID[name]) is not None


@pytest.mark.parametrize("name", VALID)
def test_every_prefix(name: str) -> None:
    """One that ends where a record does is a shorter stream; any other is an error."""
    content = VALID[name]
    ends = {0}
    position = 0
    for payload in recordio.read_frames(io.BytesIO(content)):
        position = (
            content.index(payload[-4:], position) + 4 if name == "parts" else position + 8 + len(payload) + -len(payload) % 4
        )
        ends.add(position)
    for size in range(len(content)):
        assert (try_everything(content[:size]) is None) == (size not in ends), size


@pytest.mark.slow
@pytest.mark.parametrize("name", VALID)
def test_every_flipped_bit(name: str) -> None:
    for place in range(len(VALID[name])):
        for bit in range(8):
            damaged = bytearray(VALID[name])
            damaged[place] ^= 1 << bit
            try_everything(bytes(damaged))


@settings(deadline=None)
@given(st.sampled_from(sorted(VALID)), st.data())
def test_damage_of_any_kind(name: str, data: Any) -> None:
    content = bytearray(VALID[name])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    try_everything(bytes(content[:end]), data.draw(st.sampled_from([1, 3, 50, 1 << 16])))


@settings(deadline=None)
@given(st.binary(max_size=60), st.integers(0, 7))
def test_rubbish(payload: bytes, flag: int) -> None:
    try_everything(payload)
    try_everything(MAGIC + (flag << 29 | len(payload)).to_bytes(4, "little") + payload + bytes(-len(payload) % 4))


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from([MAGIC, *(bytes([number, 0, 0, 0]) for number in range(0, 40, 4))]), max_size=8)))
def test_payloads_that_look_like_frames(payloads: list[list[bytes]]) -> None:
    content = [b"".join(words) for words in payloads]
    assert list(recordio.read_frames(io.BytesIO(b"".join(map(frame, content))))) == content


@settings(deadline=None)
@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int32]),
        st.tuples(st.integers(1, 20), st.integers(1, 150)),
    ),
    st.integers(1, 7),
)
def test_whatever_is_written_comes_back(table: np.ndarray[Any, Any], most: int) -> None:
    csr = sparse.csr_array(table)
    batch = recordio.read(Dribble(recordio.encode({"dense": table, "sparse": csr}, table[:, 0]), most))
    assert batch.features["dense"].tobytes() == table.tobytes()
    assert batch.features["sparse"].data.tobytes() == csr.data.tobytes()
    assert batch.features["sparse"].indices.tolist() == csr.indices.tolist()
    assert batch.features["sparse"].indptr.tolist() == csr.indptr.tolist()
    assert batch.label.tobytes() == np.ascontiguousarray(table[:, 0]).tobytes()

"""Frames: magic number, length, padding, and records in several parts."""

from __future__ import annotations

import io
import itertools
import os
import threading
from typing import Any

import numpy as np
import pytest

from recordio import RecordIOError, framing, read_frames, write_frame
from recordio.framing import BLOCK, MAGIC
from tests.recordio.streams import Dribble, Stuttering, frame, split


def frames_of(content: bytes) -> list[bytes]:
    return list(read_frames(io.BytesIO(content)))


@pytest.mark.parametrize("length", range(9))
def test_payload_is_padded_to_four_bytes(length: int) -> None:
    stream = io.BytesIO()
    payload = bytes(range(1, length + 1))
    write_frame(stream, payload)
    assert stream.getvalue() == b"\x0a\x23\xd7\xce" + bytes([length, 0, 0, 0]) + payload + bytes(-length % 4)
    assert frames_of(stream.getvalue()) == [payload]


def test_streams_may_take_few_bytes_at_a_time() -> None:
    stream = Stuttering()
    write_frame(stream, b"longer than seven bytes")
    assert stream.content == frame(b"longer than seven bytes")


def test_payload_that_no_header_can_describe_is_refused() -> None:
    class Enormous(bytes):
        def __len__(self) -> int:
            return 1 << 29

    with pytest.raises(ValueError, match="at most 536870911 bytes, got 536870912"):
        write_frame(io.BytesIO(), Enormous())


@pytest.mark.parametrize("most", [1, 3, 7, 64, 1000])
def test_short_reads(most: int) -> None:
    payloads = [bytes([number]) * (37 * number % 200) for number in range(40)]
    content = b"".join(map(frame, payloads))
    assert list(read_frames(Dribble(content, most))) == payloads


def test_records_longer_than_a_block() -> None:
    payloads = [b"a" * 10, b"b" * (2 * BLOCK + 5), b"c" * 3]
    assert frames_of(b"".join(map(frame, payloads))) == payloads


def test_magic_number_inside_a_whole_frame_is_payload() -> None:
    """The SageMaker SDK does not split such a record."""
    payloads = [b"abcd" + MAGIC + b"\x08\0\0\0efgh", MAGIC, b"x", MAGIC * 3 + b"y", b"", MAGIC]
    assert frames_of(b"".join(map(frame, payloads))) == payloads


@pytest.mark.parametrize("most", [1, 5, 1 << 20])
def test_parts_are_joined_with_the_magic_number(most: int) -> None:
    payload = b"abcd" + MAGIC + MAGIC + b"efghi"
    content = frame(b"before") + split(payload, 4, 8) + frame(b"after") + split(MAGIC, 0)
    assert list(read_frames(Dribble(content, most))) == [b"before", payload, b"after", MAGIC]


@pytest.mark.parametrize(
    ("content", "record", "offset", "problem"),
    [
        (frame(b"abcd") + b"rubbish!", 1, 12, "expected the magic number 0a23d7ce, got 72756262"),
        (frame(b"abcd") + frame(b"efgh")[:-1], 1, 12, "ends after 11 of the 12 bytes"),
        (frame(b"abcd") + frame(b"efgh")[:5], 1, 12, "ends after 5 of the 8 bytes"),
        (frame(b"abcd") + MAGIC[:1], 1, 12, "ends after 1 of the 8 bytes"),
        (frame(b"abc")[:-1], 0, 0, "ends after 11 of the 12 bytes"),
        (frame(b"abcd", flag=1), 0, 12, "ends after 0 of the 8 bytes"),
        (
            frame(b"abcd", flag=1) + frame(b"efgh"),
            0,
            12,
            "expected the record's next part, got a frame with continuation flag 0",
        ),
        (frame(b"abcd", flag=1) * 2, 0, 12, "expected the record's next part, got a frame with continuation flag 1"),
        (frame(b"") + frame(b"efgh", flag=2), 1, 8, "expected the beginning of a record, got a frame with continuation flag 2"),
        (frame(b"") + frame(b"efgh", flag=3), 1, 8, "expected the beginning of a record, got a frame with continuation flag 3"),
        (frame(b"") + frame(b"efgh", flag=6), 1, 8, "expected the beginning of a record, got a frame with continuation flag 6"),
    ],
)
@pytest.mark.parametrize("most", [1, 1 << 20])
def test_damage_is_named_after_all_records_before_it(content: bytes, record: int, offset: int, problem: str, most: int) -> None:
    frames = read_frames(Dribble(content, most))
    assert len(list(itertools.islice(frames, record))) == record
    with pytest.raises(RecordIOError, match=problem) as raised:
        next(frames)
    assert (raised.value.record, raised.value.offset) == (record, offset)
    assert str(raised.value) == f"record {record} at byte {offset}: {raised.value.problem}"


def test_no_memory_for_bytes_that_do_not_come() -> None:
    class Counting(Dribble):
        asked = 0

        def read(self, size: int, /) -> bytes:
            Counting.asked = max(Counting.asked, size)
            return super().read(size)

    with pytest.raises(RecordIOError, match="ends after 9 of the 536870920 bytes"):
        list(read_frames(Counting(MAGIC + ((1 << 29) - 1).to_bytes(4, "little") + b"x", 100)))
    assert Counting.asked <= 1 << 16


@pytest.mark.parametrize("most", [100, 1 << 20])
@pytest.mark.parametrize(
    "records",
    [[split(MAGIC, 0)], [split(MAGIC, 0), frame(b"")], [split(MAGIC * 3 + b"rest", 0, 4, 8), frame(b"x"), split(MAGIC, 0)]],
)
def test_every_byte_is_followed_a_few_times_however_records_are_split(
    records: list[bytes], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = 0

    def counting(window: Any) -> Any:
        nonlocal words
        words += len(window)
        return chain(window)

    chain = framing._chain
    monkeypatch.setattr(framing, "_chain", counting)
    content = b"".join(records) * 5000
    assert sum(1 for _ in read_frames(Dribble(content, most))) == 5000 * len(records)
    assert 4 * words <= 3 * len(content)


def test_a_record_is_there_as_soon_as_the_pipe_brings_it() -> None:
    reader, writer = os.pipe()
    with open(reader, "rb") as stream, open(writer, "wb", buffering=0) as pipe:  # noqa: PTH123
        frames = read_frames(stream)
        for payload in (b"first", b"second"):
            pipe.write(frame(payload))
            assert next(frames) == payload
        pipe.close()
        assert next(frames, None) is None


def test_pipe_with_more_than_it_holds() -> None:
    payloads = [np.random.default_rng(number).bytes(1000 + number) for number in range(300)]
    reader, writer = os.pipe()

    def feed() -> None:
        with open(writer, "wb") as pipe:  # noqa: PTH123
            for payload in payloads:
                write_frame(pipe, payload)

    thread = threading.Thread(target=feed)
    thread.start()
    with open(reader, "rb", buffering=0) as stream:  # noqa: PTH123
        assert list(read_frames(stream)) == payloads
    thread.join()

"""RecordIO frames: the magic number, the length, the payload, and the padding around them.

A frame is ``magic | flag and length | payload | zeros up to a multiple of four bytes``, both words little-endian uint32. The
upper three bits of the second word are 0 for a record in one frame, 1, 2 and 3 for the first, the middle and the last part of
a record in several. Writers of dmlc-core (MXNet) split a record wherever its payload holds the magic number at a multiple of
four, and leave those four bytes out; the reader puts them back.

Source: ``recordio.h`` of dmlc-core.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recordio.errors import RecordIOError

MAGIC = struct.pack("<I", 0xCED7230A)
_MAGIC_WORD = int.from_bytes(MAGIC, "little")
MAX_LENGTH = (1 << 29) - 1
_HEADER = struct.Struct("<4sI")
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)

#: Bytes handled at a time, where a stream has them ready. Huge pages hold arrays of this size, which halves a copy's time.
BLOCK = 1 << 23
#: Bytes asked of a stream at a time: what a pipe holds, and little enough for memory to be used again at once.
_READ = 1 << 16


class Readable(Protocol):
    """Any blocking binary stream: a file, a pipe, `io.BytesIO`, an HTTP body. It may return less than asked for."""

    def read(self, size: int, /) -> bytes: ...


class Writable(Protocol):
    """Any binary stream. It may take less than it is given, and then says how many bytes it took."""

    def write(self, data: memoryview, /) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Frames:
    """Payloads of consecutive records, lying in one buffer, which is valid until the next frames are asked for.

    Attributes
    ----------
    data
        The buffer, uint8.
    starts, lengths
        Where each payload lies in `data`. shape: (records,), int64
    offsets
        Byte of the stream at which each record's frame begins. shape: (records,), int64
    first
        Number of the first record.
    """

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    offsets: NDArray[np.int64]
    first: int

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: slice) -> Frames:
        first = self.first + rows.indices(len(self))[0]
        return Frames(self.data, self.starts[rows], self.lengths[rows], self.offsets[rows], first)

    def payload(self, row: int) -> bytes:
        return self.data[self.starts[row] : self.starts[row] + self.lengths[row]].tobytes()

    def error(self, row: int, problem: str) -> RecordIOError:
        return RecordIOError(problem, self.first + int(row), int(self.offsets[row]))


def scan(stream: Readable) -> Iterator[Frames]:
    """Find the records of a stream, as many at a time as one read brings.

    Memory stays bounded by a block and one record: the length in a header is believed only as its bytes arrive.

    Raises
    ------
    RecordIOError
        Wrong magic number, parts out of order, or an end inside a record; after all records before it.
    """
    window = _Window(stream)
    record = 0
    while window.holds(_HEADER.size):
        frames = window.take_complete(record)
        if len(frames):
            yield frames
            record += len(frames)
            continue
        flag, _, size = window.header(record)
        if flag == _WHOLE:
            window.require(size, record)
        else:
            yield window.take_parts(record)
            record += 1
    if window.holds(1):
        window.require(_HEADER.size, record)


class _Window:
    """The bytes that were read and not yet taken, in a buffer that is used again for the next ones."""

    def __init__(self, stream: Readable) -> None:
        # `read` of a buffered pipe waits until all bytes asked for are there; `read1` returns what there is.
        self._read = getattr(stream, "read1", stream.read)
        self._data = np.empty(2 * _READ, np.uint8)
        self._begin, self._end = 0, 0
        self._base = 0

    @property
    def offset(self) -> int:
        """Byte of the stream at which the window begins."""
        return self._base + self._begin

    def holds(self, size: int) -> bool:
        """Whether so many bytes follow, after reading as much as that takes."""
        if self._end - self._begin >= size:
            return True
        self._base += self._begin
        self._end -= self._begin
        self._data[: self._end] = self._data[self._begin : self._begin + self._end]
        self._begin = 0
        while (self._end < size or self._end + _READ <= BLOCK) and (piece := self._read(_READ)):
            if self._end + len(piece) > len(self._data):
                self._data = np.concatenate((self._data, np.empty_like(self._data)))
            self._data[self._end : self._end + len(piece)] = np.frombuffer(piece, np.uint8)
            self._end += len(piece)
            if self._end >= size and len(piece) < _READ:
                break  # there is no more for now
        return self._end >= size

    def require(self, size: int, record: int) -> None:
        if not self.holds(size):
            problem = f"the stream ends after {self._end - self._begin} of the {size} bytes of a frame"
            raise RecordIOError(problem, record, self.offset)

    def header(self, record: int) -> tuple[int, int, int]:
        """Continuation flag, length of the payload, and size of the frame that comes next."""
        magic, word = _HEADER.unpack_from(self._data.data, self._begin)
        if magic != MAGIC:
            raise RecordIOError(f"expected the magic number {MAGIC.hex()}, got {magic.hex()}", record, self.offset)
        length = word & MAX_LENGTH
        return word >> 29, length, _HEADER.size + length + -length % 4

    def take_complete(self, record: int) -> Frames:
        """All records that lie completely in the window, up to the first damage; possibly none."""
        words = self._data[self._begin : self._end - (self._end - self._begin) % 4].view("<u4")
        places, headers, following = _chain(words)
        flags = headers >> 29
        opens, closes = (flags == _WHOLE) | (flags == _FIRST), (flags == _WHOLE) | (flags == _LAST)
        good = (flags <= _LAST) & (following <= len(words)) & (opens == np.concatenate(([True], closes[:-1])))
        frames = len(good) if good.all() else int(good.argmin())
        lasts = np.flatnonzero(closes[:frames])
        firsts = np.concatenate(([0], lasts + 1))[:-1]
        starts, lengths = self._begin + 4 * places + _HEADER.size, headers & MAX_LENGTH
        offsets = self.offset + 4 * places[firsts]
        if len(lasts):
            self._begin += 4 * int(following[lasts[-1]])
        if np.array_equal(firsts, lasts):
            return Frames(self._data, starts[lasts], lengths[lasts], offsets, record)
        spans = zip(starts[: lasts[-1] + 1].tolist(), lengths.tolist(), strict=False)
        parts = [self._data[start : start + length].tobytes() for start, length in spans]
        payloads = [MAGIC.join(parts[first : last + 1]) for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]
        return joined(payloads, offsets, record)

    def take_parts(self, record: int) -> Frames:
        """The next record, which comes in several frames that are not all in the window, or are damaged."""
        offset = self.offset
        parts: list[bytes] = []
        flag = -1
        while flag != _LAST:
            self.require(_HEADER.size, record)
            flag, length, size = self.header(record)
            if flag not in ((_MIDDLE, _LAST) if parts else (_FIRST,)):
                expected = "the record's next part" if parts else "the beginning of a record"
                raise RecordIOError(f"expected {expected}, got a frame with continuation flag {flag}", record, self.offset)
            self.require(size, record)
            start = self._begin + _HEADER.size
            parts.append(self._data[start : start + length].tobytes())
            self._begin += size
        return joined([MAGIC.join(parts)], np.array([offset]), record)


def _chain(words: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Follow frame after frame from the first word on.

    Frames of one length are rows of a matrix. Otherwise a magic number begins a frame, unless it lies inside a payload: where
    a frame ends at the next magic number all along, nothing has to be followed one by one.

    Returns
    -------
    places, headers, following
        Word at which each frame begins, its second word, and the word after the frame. The last frames may be incomplete.
    """
    size = 2 + ((int(words[1]) & MAX_LENGTH) + 3) // 4
    rows = len(words) // size
    headers = words[: rows * size].reshape(rows, size)[:, :2]
    if rows and headers[0, 0] == _MAGIC_WORD and (headers == headers[0]).all():
        places = np.arange(rows) * size
        return places, headers[:, 1].astype(np.int64), places + size
    places = np.flatnonzero(words[:-1] == _MAGIC_WORD)
    lengths = words[places + 1].astype(np.int64)
    following = places + 2 + ((lengths & MAX_LENGTH) + 3) // 4
    breaks = np.flatnonzero(following[:-1] != places[1:]).tolist()
    runs: list[NDArray[np.int64]] = []
    place = 0
    for last in [*breaks, len(places) - 1]:
        first = int(np.searchsorted(places, place))
        if first == len(places) or places[first] != place:
            break
        if first <= last:
            runs.append(np.arange(first, last + 1))
            place = int(following[last])
    chosen = np.concatenate([np.empty(0, np.int64), *runs])
    return places[chosen], lengths[chosen], following[chosen]


def joined(payloads: list[bytes], offsets: NDArray[np.int64], first: int) -> Frames:
    """Frames of payloads that lie nowhere together yet."""
    lengths = np.array([len(payload) for payload in payloads], np.int64)
    data = np.frombuffer(b"".join([*payloads, b"\0"]), np.uint8)  # never empty, so that it can be indexed with clipping
    return Frames(data, np.cumsum(lengths) - lengths, lengths, offsets, first)


def read_frames(stream: Readable) -> Iterator[bytes]:
    """The payloads of a stream's records, those in several parts joined; each as soon as it is complete.

    Raises
    ------
    RecordIOError
        As `scan`.
    """
    for frames in scan(stream):
        for row in range(len(frames)):
            yield frames.payload(row)


def write_frame(stream: Writable, payload: bytes) -> None:
    """Write one record in one frame.

    Raises
    ------
    ValueError
        The payload is longer than 2**29 - 1 bytes.
    """
    if len(payload) > MAX_LENGTH:
        raise ValueError(f"a frame holds at most {MAX_LENGTH} bytes, got {len(payload)}")
    write_all(stream, b"".join((_HEADER.pack(MAGIC, len(payload)), payload, bytes(-len(payload) % 4))))


def write_all(stream: Writable, data: bytes | memoryview) -> None:
    """Write all bytes, however few the stream takes at a time."""
    view = memoryview(data)
    while view:
        written = stream.write(view)
        view = view[len(view) if written is None else written :]

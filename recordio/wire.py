"""Protobuf's wire format for many messages at once: varints, slices and fields as arrays.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]


class Span(NamedTuple):
    """One slice of each message's bytes. Both arrays have the shape (messages,)."""

    starts: Ints
    lengths: Ints


class Cursor:
    """One reading position per message; all of them move through the same sequence of fields.

    Attributes
    ----------
    ok
        Whether a message has had the expected sequence so far. The positions of one that has not mean nothing.
        shape: (messages,)
    """

    def __init__(self, data: Bytes, starts: Ints) -> None:
        self._data = data
        self.position = starts
        self.ok = np.ones(len(starts), np.bool_)

    def _byte(self) -> Ints:
        return self._data.take(self.position, mode="clip").astype(np.int64)

    def literal(self, expected: bytes) -> None:
        """Pass exactly these bytes."""
        last = len(self._data) - len(expected)
        self.ok &= self.position <= last
        if last >= 0:
            windows = np.ndarray((last + 1, len(expected)), np.uint8, self._data, 0, (1, 1))
            self.ok &= (windows[np.minimum(self.position, last)] == np.frombuffer(expected, np.uint8)).all(axis=1)
        self.position = self.position + len(expected)

    def varint(self, present: NDArray[np.bool_] | None = None) -> Ints:
        """Pass a varint of at most five bytes, which is more than any length needs; 0 where it is not present."""
        value = np.zeros(len(self.position), np.int64)
        more = np.ones(len(self.position), np.bool_) if present is None else present
        for shift in range(0, 35, 7):
            byte = self._byte()
            value += np.where(more, (byte & 0x7F) << shift, 0)
            self.position = self.position + more
            more = more & (byte >= 0x80)
            if not more.any():
                break
        self.ok &= ~more
        return value

    def enter(self, tag: bytes) -> Ints:
        """Pass the tag and the length of a field; returns where it ends."""
        self.literal(tag)
        length = self.varint()
        return self.position + length

    def leave(self, *ends: Ints) -> None:
        """Demand that the fields entered end here."""
        for end in ends:
            self.ok &= self.position == end

    def optional(self, tag: int, end: Ints) -> Span:
        """Pass a field where it comes next and before `end`; its content is empty elsewhere."""
        present = (self.position < end) & (self._byte() == tag)
        if not present.any():
            return Span(self.position, np.zeros(len(present), np.int64))
        self.position = self.position + present
        length = self.varint(present)
        span = Span(self.position, length)
        self.position = self.position + length
        return span


def evenly_spaced(values: Ints) -> bool:
    """Whether all neighbours differ by the same amount."""
    steps = np.diff(values)
    return bool((steps == steps[:1]).all())


def gather(data: Bytes, span: Span) -> Bytes:
    """The bytes of all slices, one after another, in memory of their own. The slices are in order and do not overlap."""
    starts, lengths = span
    if not lengths.any():
        return np.empty(0, np.uint8)
    if (lengths == lengths[0]).all() and evenly_spaced(starts):
        stride = int(starts[1] - starts[0]) if len(starts) > 1 else 0
        return np.ndarray((len(starts), int(lengths[0])), np.uint8, data, int(starts[0]), (stride, 1)).flatten()
    content: Bytes = data[_places(span, len(data))]
    return content


def _places(span: Span, size: int) -> NDArray[Any]:
    """An index of the bytes of all slices in an array of this size: places where they are few, a mask where they are many."""
    starts, lengths = span
    count = int(lengths.sum())
    if 8 * count < size:
        return np.repeat(starts - (np.cumsum(lengths) - lengths), lengths) + np.arange(count)
    ends = starts + lengths
    runs = np.empty(2 * len(starts) + 1, np.int64)  # bytes to leave out and bytes to take, in turn
    runs[0:-1:2] = starts - np.concatenate(([0], ends[:-1]))
    runs[1::2] = lengths
    runs[-1] = size - ends[-1]
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs)


def decode_varints(data: Bytes, lengths: Ints) -> tuple[NDArray[np.unsignedinteger[Any]], Ints, NDArray[np.bool_]]:
    """Decode packed varints.

    Parameters
    ----------
    data
        The packed fields of all messages, one after another.
    lengths
        Bytes of each message's field. shape: (messages,)

    Returns
    -------
    values
        All values, as narrow as the longest varint allows; meaningless in messages that are not ok.
    counts
        How many of them each message has. shape: (messages,)
    ok
        Whether a message's field is made of complete varints of at most 64 bits. shape: (messages,)
    """
    bounds = np.cumsum(lengths)
    more = data >= 0x80
    ends = np.flatnonzero(~more)
    counts = np.diff(np.searchsorted(ends, bounds), prepend=0)
    ok = lengths == 0
    ok[~ok] = ~more[bounds[~ok] - 1]
    longest, inside = 1, more
    while longest <= 10 and inside.any():
        longest += 1
        inside = inside[1:] & more[: len(inside) - 1]
    if longest >= 10:
        sizes = np.diff(ends, prepend=-1)
        wide = (sizes > 10) | ((sizes == 10) & (data[ends] > 1))
        ok[np.searchsorted(bounds, ends[wide], side="right")] = False
    # From the last byte, which is the most significant, backwards.
    values: NDArray[Any] = data.take(ends).astype(np.min_scalar_type((1 << min(7 * longest, 64)) - 1))
    going = np.ones(len(ends), np.bool_)
    for _ in range(1, min(longest, 10)):
        data = np.concatenate((data[:1] & 0x7F, data[:-1]))  # each byte's place is taken by the one before it
        byte = data.take(ends)
        going &= byte >= 0x80
        values = np.where(going, (values << 7) | (byte & 0x7F), values)
    return values, counts, ok


def encode_varints(values: Ints) -> tuple[Bytes, Ints]:
    """The varints of all values, one after another, and the size of each. shape of the sizes: (values,)"""
    unsigned = values.view(np.uint64)
    highest = int(unsigned.max(initial=0))
    unsigned = unsigned.astype(np.min_scalar_type(highest))
    longest = max(1, -(-highest.bit_length() // 7))
    septets = np.empty((len(values), longest), np.uint8)
    needed = np.ones((len(values), longest), np.bool_)
    sizes = np.ones(len(values), np.int64)
    for place in range(longest):
        septets[:, place] = (unsigned >> (7 * place)) & 0x7F
        if place:
            more = unsigned >= 1 << (7 * place)
            needed[:, place] = more
            septets[:, place - 1] |= more.view(np.uint8) << 7
            sizes += more
    return septets.reshape(-1).compress(needed.reshape(-1)), sizes


def varint(value: int) -> bytes:
    """One varint."""
    return encode_varints(np.array([value]))[0].tobytes()


class Segment(NamedTuple):
    """A piece of each message to be written: how many bytes each has, and the bytes of all, one after another."""

    lengths: Ints
    data: Bytes


def constant(content: bytes, present: NDArray[np.bool_]) -> Segment:
    """The same bytes in every message in which they are present."""
    return Segment(present * len(content), np.tile(np.frombuffer(content, np.uint8), int(present.sum())))


def varints(values: Ints, present: NDArray[np.bool_]) -> Segment:
    """One varint in every message in which it is present."""
    data, sizes = encode_varints(values[present])
    lengths = np.zeros(len(values), np.int64)
    lengths[present] = sizes
    return Segment(lengths, data)


def field(tag: bytes, *content: Segment, optional: bool = False) -> list[Segment]:
    """A length-delimited field; an optional one is left out of the messages in which it is empty."""
    lengths = total(content)
    present = lengths > 0 if optional else np.ones(len(lengths), np.bool_)
    return [constant(tag, present), varints(lengths, present), *content]


def total(segments: Sequence[Segment]) -> Ints:
    """Bytes of each message. shape: (messages,)"""
    return np.sum([segment.lengths for segment in segments], axis=0)


def interleave(segments: Sequence[Segment]) -> Bytes:
    """Lay the segments of each message one after another, and the messages likewise."""
    lengths = np.stack([segment.lengths for segment in segments], axis=1)  # (messages, segments)
    if (lengths == lengths[0]).all():
        columns = [data.reshape(len(lengths), width) for (_, data), width in zip(segments, lengths[0], strict=True)]
        return np.concatenate(columns, axis=1).reshape(-1)
    ends = np.cumsum(lengths.reshape(-1)).reshape(lengths.shape)
    message = np.empty(int(ends[-1, -1]), np.uint8)
    for segment, starts in zip(segments, (ends - lengths).T, strict=True):
        message[_places(Span(starts, segment.lengths), len(message))] = segment.data
    return message

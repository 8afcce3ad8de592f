"""Protobuf's wire format for many messages at once: varints, slices and fields as arrays.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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
        places = self.position[:, None] + np.arange(len(expected))
        self.ok &= (self._data.take(places, mode="clip") == np.frombuffer(expected, np.uint8)).all(axis=1)
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
    if evenly_spaced(starts) and (lengths == lengths[0]).all():
        stride = int(starts[1] - starts[0]) if len(starts) > 1 else 0
        slices = np.ndarray((len(starts), int(lengths[0])), np.uint8, data, int(starts[0]), (stride, 1))
        return slices.flatten()
    ends = starts + lengths
    runs = np.empty(2 * len(starts), np.int64)  # bytes to leave out, bytes to take, in turn
    runs[0::2] = starts - np.concatenate(([0], ends[:-1]))
    runs[1::2] = lengths
    wanted = np.repeat(np.tile([False, True], len(starts)), runs)
    return data[: len(wanted)][wanted]


def decode_varints(data: Bytes, lengths: Ints) -> tuple[NDArray[np.uint64], Ints, NDArray[np.bool_]]:
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
        All values; meaningless in messages that are not ok.
    counts
        How many of them each message has. shape: (messages,)
    ok
        Whether a message's field is made of complete varints. shape: (messages,)
    """
    bounds = np.cumsum(lengths)
    last = data < 0x80
    ends = np.flatnonzero(last)
    counts = np.diff(np.searchsorted(ends, bounds), prepend=0)
    ok = (lengths == 0) | last.take(np.maximum(bounds - 1, 0), mode="clip") if len(data) else np.ones(len(lengths), np.bool_)
    starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
    sizes = ends - starts + 1
    values = (data[starts] & 0x7F).astype(np.uint64)
    longest = int(sizes.max(initial=0))
    if longest > 10:
        ok[np.searchsorted(bounds, starts[sizes > 10], side="right")] = False
    for place in range(1, min(longest, 10)):
        which = np.flatnonzero(sizes > place)
        values[which] |= (data[starts[which] + place] & 0x7F).astype(np.uint64) << np.uint64(7 * place)
    return values, counts, ok


def encode_varints(values: NDArray[np.uint64]) -> tuple[Bytes, Ints]:
    """The varints of all values, one after another, and the size of each. shape of the sizes: (values,)"""
    sizes = np.ones(len(values), np.int64)
    for shift in range(7, 64, 7):
        longer = values >= np.uint64(1 << shift)
        if not longer.any():
            break
        sizes += longer
    starts = np.cumsum(sizes) - sizes
    data = np.empty(int(sizes.sum()), np.uint8)
    for place in range(int(sizes.max(initial=0))):
        which = np.flatnonzero(sizes > place)
        more = np.where(sizes[which] > place + 1, 0x80, 0).astype(np.uint8)
        data[starts[which] + place] = ((values[which] >> np.uint64(7 * place)) & np.uint64(0x7F)).astype(np.uint8) | more
    return data, sizes


class Segment(NamedTuple):
    """A piece of each message to be written: how many bytes each has, and the bytes of all, one after another."""

    lengths: Ints
    data: Bytes


def constant(content: bytes, present: NDArray[np.bool_]) -> Segment:
    """The same bytes in every message in which they are present."""
    return Segment(present * len(content), np.tile(np.frombuffer(content, np.uint8), int(present.sum())))


def varints(values: Ints, present: NDArray[np.bool_]) -> Segment:
    """One varint in every message in which it is present."""
    data, sizes = encode_varints(values[present].astype(np.uint64))
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
    numbers = np.arange(len(segments), dtype=np.min_scalar_type(len(segments)))
    owner = np.repeat(np.tile(numbers, len(lengths)), lengths.reshape(-1))
    message = np.empty(len(owner), np.uint8)
    for number, segment in enumerate(segments):
        message[owner == number] = segment.data
    return message

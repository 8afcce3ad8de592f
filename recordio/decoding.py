"""Frames to arrays: all records of a block at once.

The first record gives the layout. The fields of the others are found by walking the bytes of all records in lockstep, which
verifies every byte that is not a value. Records that are written in another order, or with fields of their own, are brought
into the form that `write` gives them first; whatever then still differs is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from recordio import layout as fields
from recordio.batch import Matrix, RecordBatch
from recordio.framing import Frames, joined
from recordio.layout import INT32, Column, Layout, LayoutError
from recordio.record_pb2 import Record
from recordio.wire import Cursor, Ints, Span, decode_varints, encode_varints, evenly_spaced, gather

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class Decoder:
    """Decodes the blocks of one stream, or of several that belong together; all records must have the first one's layout."""

    def __init__(self) -> None:
        self._layout: Layout | None = None

    def decode(self, frames: Frames) -> RecordBatch:
        """Decode at least one record.

        Raises
        ------
        RecordIOError
            A record is no `Record`, or does not have the layout of the first one.
        """
        if self._layout is None:
            try:
                self._layout = Layout.of(parse(frames, 0))
            except LayoutError as error:
                raise frames.error(0, str(error)) from None
        short = frames.lengths < self._layout.least
        if short.any():  # to look for the columns in them would take memory that these few bytes are not worth
            row = int(short.argmax())
            if row:
                self.decode(frames[:row])  # where an earlier one differs, that is the error
            raise _mismatch(frames, self._layout, row)
        frames, spans = _locate(frames, self._layout)
        features: dict[str, Matrix] = {}
        labels: dict[str, NDArray[Any]] = {}
        for number, column in enumerate(self._layout.columns):
            block = _Block(frames, self._layout, column, *spans[3 * number : 3 * number + 3])
            if column.sparse:
                features[column.name] = block.sparse()
            elif column.tag == fields.FEATURES_TAG:
                features[column.name] = block.dense()
            else:
                label = block.dense()
                labels[column.name] = label[:, 0] if column.width == 1 else label
        uids, metadata, _ = spans[-3:]
        return RecordBatch(features, labels, _texts(frames, uids, "uid"), _texts(frames, metadata, "metadata"))


def parse(frames: Frames, row: int) -> Any:
    """One record as a protobuf message. Raises `RecordIOError` if it is none."""
    try:
        message = Record.FromString(frames.payload(row))
    except DecodeError:
        raise frames.error(row, "the payload is no aialgs.data.Record message") from None
    texts = (*message.features, *message.label, message.uid, message.metadata, message.configuration)
    if any(isinstance(text, bytes) for text in texts):  # in which form protobuf hands back what it cannot decode
        raise frames.error(row, "a name, the uid, the metadata or the configuration is not UTF-8")
    return message


def _locate(frames: Frames, layout: Layout) -> tuple[Frames, list[Span]]:
    """Find the values, keys and shape of each column, then uid, metadata and configuration; the frames may be rewritten."""
    if (spans := _uniform(frames, layout)) is not None:
        return frames, spans
    spans, ok = _walk(frames, layout)
    if ok.all():
        return frames, spans
    payloads = [frames.payload(row) if ok[row] else _canonical(frames, row) for row in range(len(frames))]
    frames = joined(payloads, frames.offsets, frames.first)
    spans, ok = _walk(frames, layout)
    if not ok.all():
        raise _mismatch(frames, layout, int(ok.argmin()))
    return frames, spans


def _uniform(frames: Frames, layout: Layout) -> list[Span] | None:
    """The same for records that differ from the first of them in nothing but values; None if these are not such."""
    starts, lengths = frames.starts, frames.lengths
    if len(frames) == 1 or (lengths != lengths[0]).any() or not evenly_spaced(starts):
        return None
    spans, ok = _walk(frames[:1], layout)
    if not ok.all():
        return None
    start, length, stride = int(starts[0]), int(lengths[0]), int(starts[1] - starts[0])
    records = np.ndarray((len(frames), length), np.uint8, frames.data, start, (stride, 1))
    at = 0
    relative = [Span(span.starts - start, span.lengths) for span in spans]
    for begin, size in [(int(span.starts[0]), int(span.lengths[0])) for span in relative] + [(length, 0)]:
        if not (records[:, at:begin] == records[0, at:begin]).all():
            return None
        at = begin + size
    return [Span(starts + span.starts, np.repeat(span.lengths, len(frames))) for span in relative]


def _walk(frames: Frames, layout: Layout) -> tuple[list[Span], NDArray[np.bool_]]:
    """Walk all records in lockstep; says also which of them have exactly the fields of the layout in its order."""
    cursor = Cursor(frames.data, frames.starts)
    record_end = frames.starts + frames.lengths
    spans: list[Span] = []
    for column in layout.columns:
        entry_end = cursor.enter(column.tag)
        cursor.literal(fields.map_key(column.name))
        value_end = cursor.enter(fields.MAP_VALUE_TAG)
        tensor_end = cursor.enter(column.kind.tag)
        spans += [cursor.optional(tag[0], tensor_end) for tag in (fields.VALUES_TAG, fields.KEYS_TAG, fields.SHAPE_TAG)]
        cursor.leave(tensor_end, value_end, entry_end)
    spans += [cursor.optional(tag[0], record_end) for tag in (fields.UID_TAG, fields.METADATA_TAG, fields.CONFIGURATION_TAG)]
    cursor.leave(record_end)
    return spans, cursor.ok


def _canonical(frames: Frames, row: int) -> bytes:
    """The record with its fields in the layout's order and without unknown ones.

    Each entry of a map is written by itself: protobuf's deterministic order of them differs between its versions.
    """
    message = parse(frames, row)
    message.DiscardUnknownFields()
    entries = []
    for field in ("features", "label"):
        values = getattr(message, field)
        for name in sorted(values, key=str.encode):
            entry = Record()
            getattr(entry, field)[name].CopyFrom(values[name])
            entries.append(entry.SerializeToString())
        message.ClearField(field)
    content: bytes = b"".join([*entries, message.SerializeToString()])
    return content


def _mismatch(frames: Frames, layout: Layout, row: int) -> Exception:
    try:
        return frames.error(row, layout.difference(parse(frames, row)))
    except LayoutError as error:
        return frames.error(row, str(error))


def _texts(frames: Frames, span: Span, field: str) -> list[str] | None:
    if not span.lengths.any():
        return None
    texts = []
    for row, (start, length) in enumerate(zip(span.starts.tolist(), span.lengths.tolist(), strict=True)):
        try:
            texts.append(frames.data[start : start + length].tobytes().decode())
        except UnicodeDecodeError:
            raise frames.error(row, f"{field} is not UTF-8") from None
    return texts


class _Block:
    """One column of a block of records."""

    def __init__(self, frames: Frames, layout: Layout, column: Column, values: Span, keys: Span, shape: Span) -> None:
        self._frames, self._layout, self._column = frames, layout, column
        self._values, self._keys, self._shape = values, keys, shape

    def dense(self) -> NDArray[Any]:
        """shape: (rows, width)"""
        self._check_shape()
        self._demand(self._keys.lengths == 0)
        values, counts = self._numbers()
        self._demand(counts == self._column.width)
        return values.reshape(len(counts), self._column.width)

    def sparse(self) -> csr_array:
        """shape: (rows, width); keys in order. Raises `RecordIOError` for a key out of range or twice in a row."""
        from scipy.sparse import csr_array

        self._check_shape()
        values, counts = self._numbers()
        keys, key_counts, ok = decode_varints(gather(self._frames.data, self._keys), self._keys.lengths)
        self._demand(ok, "{title} has a broken varint among its keys")
        self._demand(key_counts == counts, "{title} has not as many keys as values")
        width = self._column.width
        self._demand_each(keys < width, counts, keys, "{title} has the key {value}, beyond its shape")
        ends = np.concatenate(([0], np.cumsum(counts)))
        index = np.int32 if max(width, len(keys)) <= np.iinfo(np.int32).max else np.int64
        matrix = csr_array((values, keys.astype(index), ends.astype(index)), shape=(len(counts), width))
        if not _rising(matrix.indices, ends).all():
            matrix.sort_indices()
            self._demand_each(_rising(matrix.indices, ends), counts, matrix.indices, "{title} has the key {value} twice")
        return matrix

    def _numbers(self) -> tuple[NDArray[Any], Ints]:
        """All values, and how many each record has."""
        content, lengths = gather(self._frames.data, self._values), self._values.lengths
        dtype = self._column.kind.dtype
        if self._column.kind is not INT32:
            self._demand(lengths % dtype.itemsize == 0, "{title} ends inside a value")
            return content.view(dtype), lengths // dtype.itemsize
        unsigned, counts, ok = decode_varints(content, lengths)
        self._demand(ok, "{title} has a broken varint among its values")
        values = unsigned.astype(np.int64)
        narrow = values.astype(dtype)
        self._demand_each(values == narrow, counts, values, "{title} holds {value}, which is no 32-bit integer")
        return narrow, counts

    def _check_shape(self) -> None:
        written = encode_varints(np.array(self._column.shape, np.int64))[0]
        content, lengths = gather(self._frames.data, self._shape), self._shape.lengths
        self._demand(lengths == len(written))
        self._demand((content.reshape(len(lengths), len(written)) == written).all(axis=1))

    def _demand(self, ok: NDArray[np.bool_], problem: str | None = None) -> None:
        """Raise for the first record that is not ok; a problem not given is a difference in the layout."""
        if ok.all():
            return
        row = int(ok.argmin())
        if problem is None:
            raise _mismatch(self._frames, self._layout, row)
        raise self._frames.error(row, problem.format(title=self._column.title))

    def _demand_each(self, ok: NDArray[np.bool_], counts: Ints, values: NDArray[Any], problem: str) -> None:
        """Raise for the first value that is not ok; `counts` says how many values each record has."""
        if not ok.all():
            first = int(ok.argmin())
            row = int(np.searchsorted(np.cumsum(counts), first, side="right"))
            raise self._frames.error(row, problem.format(title=self._column.title, value=values[first]))


def _rising(keys: NDArray[Any], ends: Ints) -> NDArray[np.bool_]:
    """Whether a key is less than the one after it, or the last of its row."""
    rising = np.ones(len(keys), np.bool_)
    np.less(keys[:-1], keys[1:], out=rising[:-1])
    rising[ends[ends > 0] - 1] = True
    return rising

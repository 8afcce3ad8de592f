"""Valid streams, and streams that give their bytes in their own way."""

from __future__ import annotations

import io
import itertools

import numpy as np
from scipy import sparse

import recordio
from recordio.framing import MAGIC


class Dribble:
    """A stream that returns at most `most` bytes a read, as pipes and sockets do, and has nothing but `read`."""

    def __init__(self, content: bytes, most: int) -> None:
        self._stream = io.BytesIO(content)
        self._most = most

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._most))


class Stuttering:
    """A stream that takes at most seven bytes a write."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: memoryview, /) -> int:
        self.content += bytes(data[:7])
        return min(7, len(data))


def frame(payload: bytes, flag: int = 0) -> bytes:
    """One frame, by hand."""
    return MAGIC + (flag << 29 | len(payload)).to_bytes(4, "little") + payload + bytes(-len(payload) % 4)


def split(payload: bytes, *places: int) -> bytes:
    """A record in several frames, as dmlc writes it: cut where the magic number stands in the payload."""
    bounds = [-4, *places, len(payload)]
    parts = [payload[begin + 4 : end] for begin, end in itertools.pairwise(bounds)]
    assert MAGIC.join(parts) == payload
    return b"".join(frame(part, 1 + (number > 0) + (number == len(parts) - 1)) for number, part in enumerate(parts))


def valid() -> dict[str, bytes]:
    """Small valid streams of every sort."""
    dense = np.array([[1.5, -2.0, 0.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])
    csr = sparse.csr_array(np.array([[0, 2.0, 0, 1], [0, 0, 0, 0], [5, 0, 0, 6]]))
    magic = np.frombuffer(MAGIC, "<f4")
    payload = next(recordio.read_frames(io.BytesIO(recordio.encode({"xx": np.array([[1, magic[0], 2]], "<f4")}))))
    return {
        "float32": recordio.encode(dense.astype(np.float32), np.array([0, 1, 0], np.float32)),
        "float64": recordio.encode(dense, np.array([0.5, 1.5, 2.5])),
        "int32": recordio.encode(dense.astype(np.int64), np.array([-1, 300, 2])),
        "sparse": recordio.encode(csr, np.array([1.0, 0, 1])),
        "several": recordio.encode({"a": dense, "b": csr}, {"x": dense[:, :2], "y": dense[:, 0]}),
        "texts": recordio.encode(dense, uids=["first", "", "drei"], metadata=["", "{}", "größer"]),
        "labels only": recordio.encode({}, {"score": dense[:, 0], "predicted_label": np.array([0, 1, 1])}),
        "parts": split(payload, payload.index(MAGIC)) + frame(payload),
    }

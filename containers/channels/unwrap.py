"""What may lie around the data: gzip, and the RecordIO wrapper of Pipe mode."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from containers.errors import UserError

MAGIC = struct.pack("<I", 0xCED7230A)


def gunzip(name: str, stream: BinaryIO) -> BinaryIO:
    """The decompressed stream. Reading it raises `UserError` where the data are no gzip or end too soon."""
    return io.BufferedReader(_Gunzip(name, stream), 1 << 18)


class _Gunzip(io.RawIOBase):
    def __init__(self, name: str, stream: BinaryIO) -> None:
        self._name = name
        self._stream = stream
        self._plain = gzip.GzipFile(fileobj=stream, mode="rb")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            return self._plain.readinto(buffer)
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise UserError(f"{self._name}: not readable as gzip: {error}") from None

    def close(self) -> None:
        self._plain.close()
        self._stream.close()
        super().close()


def peek(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, fewer only where it ends, and the stream with these bytes put back."""
    head = stream.read(size)
    return head, io.BufferedReader(_Rewound(head, stream), 1 << 18)


class _Rewound(io.RawIOBase):
    def __init__(self, head: bytes, stream: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._head.readinto(buffer) or self._stream.readinto(buffer)  # type: ignore[attr-defined]

    def close(self) -> None:
        self._stream.close()
        super().close()


def is_nested(head: bytes) -> bool:
    """Whether what a first RecordIO frame holds, seen by its first 12 bytes, is RecordIO itself."""
    return head[:4] == head[8:12] == MAGIC


def frames(name: str, stream: BinaryIO) -> Iterator[bytes]:
    """The payloads of a RecordIO stream; errors name the part."""
    from recordio import RecordIOError, read_frames

    try:
        yield from read_frames(stream)
    except RecordIOError as error:
        raise UserError(f"{name}: {error}") from error

"""Text streams in blocks of whole lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from containers.errors import UserError

#: Bytes read at once.
BLOCK_BYTES = 4 << 20
#: Bytes of a line beyond which a stream is not taken for text.
LONGEST_LINE = 256 << 20
UTF8_MARK = b"\xef\xbb\xbf"
GZIP_MARK = b"\x1f\x8b"


def blocks(stream: BinaryIO, source: str) -> Iterator[tuple[bytes, int]]:
    """Cut a stream into blocks that end where a line ends, the last one excepted.

    Parameters
    ----------
    stream
        Any binary stream; a pipe will do.
    source
        What errors call the stream.

    Yields
    ------
    tuple
        The block, never empty, and the number of its first line, from 1.

    Raises
    ------
    UserError
        The stream begins as gzip does, or a line does not end within `LONGEST_LINE` bytes: these are not lines of text.
    """
    line, rest = 1, b""
    while chunk := stream.read(BLOCK_BYTES):
        if line == 1 and (rest[:2] + chunk[:2]).startswith(GZIP_MARK):
            raise UserError(f"{source}: expected text, got what looks gzipped (files are unpacked whose names end in .gz)")
        end = chunk.rfind(b"\n") + 1
        if not end:
            rest += chunk
            if len(rest) > LONGEST_LINE:
                raise UserError(f"{source}, line {line}: no line end within {LONGEST_LINE >> 20} MiB; is this text?")
            continue
        block, rest = rest + chunk[:end], chunk[end:]
        yield block.removeprefix(UTF8_MARK) if line == 1 else block, line
        line += block.count(b"\n")
    if rest:
        yield rest.removeprefix(UTF8_MARK) if line == 1 else rest, line

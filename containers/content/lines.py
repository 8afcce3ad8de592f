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
        A line does not end within `LONGEST_LINE` bytes: these are not lines of text.
    """
    line, rest = 1, b""
    while chunk := stream.read(BLOCK_BYTES):
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

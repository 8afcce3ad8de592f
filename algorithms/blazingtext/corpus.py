"""A channel of text as blocks of bytes, read anew in every epoch; never more than a block of it is held."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext.tokens import BLANKS
from containers.channels import Part
from containers.errors import UserError

#: Bytes of a block: small enough to spread a corpus evenly over the threads, large enough to make Python's part in it small.
BLOCK = 1 << 17
_BLANKS = tuple(bytes([blank]) for blank in BLANKS)


class Block(NamedTuple):
    """A stretch of text that ends at the end of a line, or where a long line has a blank.

    Attributes
    ----------
    text
        shape: (bytes,), uint8; valid UTF-8.
    name
        The part it comes from, for errors.
    line
        The number of its first line in that part, from 1.
    """

    text: NDArray[np.uint8]
    name: str
    line: int


@dataclass(frozen=True)
class Corpus:
    """Text that can be read as often as there are epochs, and once more before them for the vocabulary.

    The last line of a part ends with it, whether a newline says so or not.

    Attributes
    ----------
    read
        Opens the text for the n-th time, n counted from 0: in Pipe mode that is the number of the FIFO.
    whole_lines
        A block never ends within a line: where a line is an example, as in supervised mode. Memory is then bounded by the
        longest line, otherwise by the longest word.
    """

    read: Callable[[int], Iterator[Part]]
    whole_lines: bool = False

    def blocks(self, reading: int) -> Generator[Block]:
        """The text, read for the `reading`-th time.

        Raises
        ------
        UserError
            Bytes that are not UTF-8; the message says where.
        """
        for part in self.read(reading):
            with part:
                yield from self._blocks(part)

    def _blocks(self, part: Part) -> Iterator[Block]:
        line, ended = 1, True
        held: list[bytes] = []  # what is read and not handed out, none of it a newline; in pieces, for a line may be very long
        while piece := part.stream.read(BLOCK):
            cut = self._cut(piece)
            if cut:
                text = b"".join((*held, piece[:cut]))
                yield _checked(text, part.name, line)
                line, ended = line + text.count(b"\n"), text.endswith(b"\n")
                held = []
            held.append(piece[cut:])
        rest = b"".join(held)
        if rest or not ended:
            yield _checked(rest + b"\n", part.name, line)

    def _cut(self, piece: bytes) -> int:
        """How much of a piece may be handed out: up to its last newline, or else blank where lines may be cut; 0 for none."""
        end = piece.rfind(b"\n") + 1
        return end or (0 if self.whole_lines else max(piece.rfind(blank) for blank in _BLANKS) + 1)


def _checked(text: bytes, name: str, line: int) -> Block:
    try:
        str(text, "utf-8")
    except UnicodeDecodeError as error:
        line += text.count(b"\n", 0, error.start)
        byte = error.start - text.rfind(b"\n", 0, error.start)
        found = text[error.start]
        raise UserError(f"{name} line {line} byte {byte}: expected UTF-8, got 0x{found:02x} ({error.reason})") from None
    return Block(np.frombuffer(text, np.uint8), name, line)

"""Counting the words of a corpus in a hash table that grows with them, and no further than to a bound."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext import tokens
from algorithms.blazingtext.tokens import EOS, Index

#: Different words that are counted at once. Beyond, the rarest are forgotten, as fastText does: that bounds the memory.
MOST_ENTRIES = 22_500_000


class Counter:
    """Different words, in the order in which they first came, and how often each did. Entry 0 is ``</s>``.

    Attributes
    ----------
    words
        Words read.
    size
        Bytes read.
    """

    def __init__(self) -> None:
        self.words = self.size = 0
        self._index = tokens.index([EOS.encode()])
        self._counts = np.zeros(1, np.int64)
        self._used = 1
        self._threshold = 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """shape: (different words,)"""
        return self._counts[: self._used]

    def entries(self) -> list[bytes]:
        """The words, in the order of `counts`."""
        chars, starts = self._index.chars.tobytes(), self._index.starts[: self._used + 1].tolist()
        return [chars[start:stop] for start, stop in pairwise(starts)]

    def add(self, text: NDArray[np.uint8]) -> None:
        """Count the words of a text, shape: (bytes,)."""
        position = 0
        while position < text.size:
            position, self._used, words = tokens.count_words(text, position, self._index, self._counts, self._used)
            self.words += words
            if position < text.size:
                self._make_room(text.size)
        self.size += text.size

    def _make_room(self, size: int) -> None:
        """Twice the room for words, and for `size` more bytes of them at least, once the rarest are forgotten if need be."""
        kept = np.ones(self._used, bool)
        while kept.sum() >= MOST_ENTRIES:
            self._threshold += 1
            kept = self.counts >= self._threshold
            kept[0] = True
        used, lengths = int(kept.sum()), np.diff(self._index.starts[: self._used + 1])
        room = max(2 * used, 1 << 12)
        starts = np.zeros(room + 1, np.int64)
        np.cumsum(lengths[kept], out=starts[1 : used + 1])
        chars = np.empty(2 * starts[used] + size, np.uint8)
        chars[: starts[used]] = self._index.chars[: self._index.starts[self._used]][np.repeat(kept, lengths)]
        counts, hashes = np.zeros(room, np.int64), np.empty(room, np.uint32)
        counts[:used], hashes[:used] = self.counts[kept], self._index.hashes[: self._used][kept]
        self._index = Index(chars, starts, hashes, tokens.slots(hashes[:used], room))
        self._counts, self._used = counts, used

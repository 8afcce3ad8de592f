"""The words and labels of a fastText binary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext import tokens
from algorithms.blazingtext.fasttext.cursor import Cursor
from algorithms.blazingtext.tokens import Index

if TYPE_CHECKING:
    from algorithms.blazingtext.vocabulary import Vocabulary

#: Sizes in front of the entries: entries, words and labels, int32; words of the corpus and n-grams kept by pruning, int64.
_ENTRY_TAIL = np.dtype([("count", "<i8"), ("type", "i1")])
_NOT_PRUNED = -1


@dataclass(frozen=True)
class Dictionary:
    """Entries are words, then labels; each by falling count where fastText or we have made them.

    Attributes
    ----------
    index
        Finds an entry's number by its bytes.
    words
        Number of words, those of labels not counted.
    counts
        shape: (entries,), int64.
    tokens
        Words in the corpus.
    pruned
        shape: (kept, 2), int32: bucket of an n-gram, and its row after those of the words; None where all are kept.
    """

    index: Index
    words: int
    counts: NDArray[np.int64]
    tokens: int
    pruned: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Dictionary:
        """That of a trained model."""
        counts = np.concatenate([vocabulary.counts, vocabulary.label_counts]).astype(np.int64)
        return cls(vocabulary.index, len(vocabulary.words), counts, vocabulary.tokens)

    @property
    def labels(self) -> int:
        """Number of labels."""
        return len(self.counts) - self.words

    def entry(self, number: int) -> bytes:
        """The bytes of a word, or of a label after all words."""
        starts = self.index.starts
        return self.index.chars[starts[number] : starts[number + 1]].tobytes()

    def text(self, numbers: Sequence[int] | range) -> list[str]:
        """Entries as text; what is not UTF-8 in a foreign file is shown by the replacement character."""
        return [self.entry(number).decode(errors="replace") for number in numbers]

    @classmethod
    def read(cls, cursor: Cursor) -> Dictionary:
        """The dictionary at the cursor; raises as `Cursor`."""
        size, words, labels = (int(value) for value in cursor.array("<i4", (3,), "sizes of the dictionary"))
        total, kept = (int(value) for value in cursor.array("<i8", (2,), "sizes of the dictionary"))
        if min(words, labels) < 0 or size != words + labels or kept < _NOT_PRUNED:
            raise cursor.error(f"before it sizes of a dictionary, got {size} entries of {words} words and {labels} labels")
        cursor.array("u1", (size * (1 + _ENTRY_TAIL.itemsize),), f"dictionary of {size:,} entries")  # at the least
        cursor.position -= size * (1 + _ENTRY_TAIL.itemsize)
        starts, places = np.zeros(size + 1, np.int64), np.empty(size, np.int64)
        found, end = _scan(cursor.rest, starts, places)
        if found < size:
            cursor.position += end
            raise cursor.error(f"entry {found + 1:,} of the {size:,} of the dictionary, but the file ends within it")
        chars, tails = np.empty(starts[-1], np.uint8), np.empty(size, _ENTRY_TAIL)
        hashes = np.empty(size, np.uint32)
        _gather(cursor.rest, starts, places, chars, hashes, tails.view("u1").reshape(size, -1))
        kinds = tails["type"]
        if kinds[:words].any() or (kinds[words:] != 1).any():
            raise cursor.error(f"a dictionary of {words:,} words, then {labels:,} labels, got entries of other types")
        cursor.position += end
        pruned = cursor.array("<i4", (kept, 2), "n-grams kept by pruning").copy() if kept >= 0 else None
        index = Index(chars, starts, hashes, tokens.slots(hashes, size))
        return cls(index, words, tails["count"].copy(), total, pruned)

    def write(self, file: BinaryIO) -> None:
        """Write the dictionary as `read` reads it."""
        kept = _NOT_PRUNED if self.pruned is None else len(self.pruned)
        np.array([len(self.counts), self.words, self.labels], "<i4").tofile(file)
        np.array([self.tokens, kept], "<i8").tofile(file)
        tails = np.zeros(len(self.counts), _ENTRY_TAIL)
        tails["count"], tails["type"] = self.counts, np.arange(len(self.counts)) >= self.words
        for number, tail in enumerate(tails):
            file.write(self.entry(number) + b"\0" + tail.tobytes())
        if self.pruned is not None:
            np.asarray(self.pruned, "<i4").tofile(file)

    def rows_of_buckets(self, bucket: int) -> NDArray[np.int32]:
        """The row after those of the words for every bucket, -1 where pruning has dropped it; empty where nothing is pruned."""
        if self.pruned is None:
            return np.empty(0, np.int32)
        rows = np.full(max(bucket, 1), -1, np.int32)
        rows[self.pruned[:, 0]] = self.pruned[:, 1]
        return rows


@njit(cache=True, nogil=True)
def _scan(data: Any, starts: Any, places: Any) -> Any:
    """Where each entry begins in `data`, and in the entries' bytes put one after the other.

    Returns
    -------
    tuple
        The number of whole entries, up to as many as there are places, and where in `data` they end.
    """
    position = np.int64(0)
    for entry in range(places.size):
        end = position
        while end < data.size and data[end] != 0:
            end += 1
        if end + 10 > data.size:
            return entry, position
        places[entry] = position
        starts[entry + 1] = starts[entry] + end - position
        position = end + 10
    return places.size, position


@njit(cache=True, nogil=True)
def _gather(data: Any, starts: Any, places: Any, chars: Any, hashes: Any, tails: Any) -> None:
    for entry in range(places.size):
        begin, end = starts[entry], starts[entry + 1]
        place = places[entry]
        chars[begin:end] = data[place : place + end - begin]
        hashes[entry] = tokens.hash_word(chars[begin:end])
        tails[entry] = data[place + end - begin + 1 : place + end - begin + 10]

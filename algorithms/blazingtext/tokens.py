"""Bytes to words, as fastText reads them: what separates words, how they are hashed, found and counted. Compiled by numba.

Facts of fastText's `dictionary.cc`: six blanks and the newline separate words, a newline is itself the word ``</s>``, a word's
hash is FNV-1a over signed bytes. All functions release the GIL and touch nothing but their arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: The word that a newline is.
EOS = "</s>"
#: What labels begin with, in supervised mode.
LABEL = "__label__"
#: What separates words on a line.
BLANKS = b" \t\v\f\r\0"

_NEWLINE = 10
_SEPARATES = np.isin(np.arange(256), np.frombuffer(BLANKS + b"\n", np.uint8))
_PREFIX = np.frombuffer(LABEL.encode(), np.uint8)


class Index(NamedTuple):
    """A hash table of words with open addressing.

    Attributes
    ----------
    chars, starts
        The words' bytes one after the other, uint8, and where each begins, int64; word i is ``chars[starts[i]:starts[i + 1]]``.
    hashes
        shape: (entries,), uint32.
    slots
        shape: (a power of two,), int32: the number of an entry, or -1.
    """

    chars: NDArray[np.uint8]
    starts: NDArray[np.int64]
    hashes: NDArray[np.uint32]
    slots: NDArray[np.int32]


@njit(cache=True, nogil=True)
def hash_word(word: NDArray[np.uint8]) -> Any:
    """FNV-1a with bytes taken as signed, which is what fastText's binaries were made with.

    Parameters
    ----------
    word
        Its UTF-8, shape: (bytes,), uint8.
    """
    h = np.uint32(2166136261)
    for byte in word:
        h = np.uint32((h ^ np.uint32(np.int8(byte))) * np.uint32(16777619))
    return h


@njit(cache=True, nogil=True)
def _hash_all(chars: NDArray[np.uint8], starts: NDArray[np.int64], hashes: NDArray[np.uint32]) -> None:
    for i in range(hashes.size):
        hashes[i] = hash_word(chars[starts[i] : starts[i + 1]])


@njit(cache=True, nogil=True)
def next_word(block: NDArray[np.uint8], position: int) -> tuple[int, int, Any]:
    """The next word from `position` on: where it begins and ends, and its hash.

    Both are equal at a newline, and both the size of the block at its end.
    """
    size = block.size
    while position < size and _SEPARATES[block[position]] and block[position] != _NEWLINE:
        position += 1
    start = position
    h = np.uint32(2166136261)
    while position < size and not _SEPARATES[block[position]]:
        h = np.uint32((h ^ np.uint32(np.int8(block[position]))) * np.uint32(16777619))
        position += 1
    return start, position, h


@njit(cache=True, nogil=True)
def is_label(block: NDArray[np.uint8], start: int, stop: int) -> bool:
    """Whether a word begins with ``__label__``."""
    if stop - start < _PREFIX.size:
        return False
    for i in range(_PREFIX.size):  # noqa: SIM110 compiled
        if block[start + i] != _PREFIX[i]:
            return False
    return True


@njit(cache=True, nogil=True)
def find(index: Index, block: NDArray[np.uint8], start: int, stop: int, h: Any) -> tuple[int, Any]:
    """The number of a word, -1 where it is unknown, and the slot where it is or belongs."""
    mask = index.slots.size - 1
    slot = np.int64(h) & mask
    while True:
        entry = index.slots[slot]
        if entry < 0:
            return -1, slot
        if index.hashes[entry] == h:
            begin = index.starts[entry]
            size = index.starts[entry + 1] - begin
            if size == stop - start:
                i = 0
                while i < size and index.chars[begin + i] == block[start + i]:
                    i += 1
                if i == size:
                    return entry, slot
        slot = (slot + 1) & mask


@njit(cache=True, nogil=True)
def _insert_all(hashes: NDArray[np.uint32], slots: NDArray[np.int32]) -> None:
    mask = slots.size - 1
    for entry in range(hashes.size):
        slot = np.int64(hashes[entry]) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = entry


def slots(hashes: NDArray[np.uint32], room: int) -> NDArray[np.int32]:
    """The slots of a table for `room` words, of which those are known, by their hashes, to differ, that are in it now."""
    table = np.full(1 << int(2 * room).bit_length(), -1, np.int32)
    _insert_all(hashes, table)
    return table


def index(words: Sequence[bytes]) -> Index:
    """A table of words, all different."""
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) for word in words], out=starts[1:])
    chars = np.frombuffer(bytearray(b"".join(words)), np.uint8)  # to be written to, as a table that grows is: one type
    hashes = np.empty(len(words), np.uint32)
    _hash_all(chars, starts, hashes)
    return Index(chars, starts, hashes, slots(hashes, len(words)))


@njit(cache=True, nogil=True)
def count_words(
    block: NDArray[np.uint8], position: int, index: Index, counts: NDArray[np.int64], entries: int
) -> tuple[int, int, int]:
    """Count the words of a block in a table, in which entry 0 is ``</s>``, adding those that are new.

    Returns
    -------
    tuple
        Where it has stopped, before the end of the block if the table is too full for the next word; the number of entries;
        the number of words read.
    """
    words = 0
    while position < block.size:
        start, stop, h = next_word(block, position)
        if start == block.size:
            position = start
            break
        if start == stop:  # a newline
            counts[0] += 1
            words += 1
            position = stop + 1
            continue
        entry, slot = find(index, block, start, stop, h)
        if entry < 0:
            used = index.starts[entries]
            if entries == counts.size or used + stop - start > index.chars.size:
                break
            entry = entries
            index.chars[used : used + stop - start] = block[start:stop]
            index.starts[entry + 1] = used + stop - start
            index.hashes[entry] = h
            index.slots[slot] = entry
            entries += 1
        counts[entry] += 1
        words += 1
        position = stop
    return position, entries, words


@njit(cache=True, nogil=True)
def encode_sentences(
    block: NDArray[np.uint8], index: Index, eos: int, longest: int, ids: NDArray[np.int32], ends: NDArray[np.int64]
) -> tuple[int, int]:
    """The numbers of the known words of a block, others left out, and where each sentence ends.

    A sentence ends with its line, or after `longest` words.

    Returns
    -------
    tuple
        How many of `ids` and of `ends` are filled; both must be as long as the block.
    """
    n = sentences = begin = position = 0
    while position < block.size:
        start, stop, h = next_word(block, position)
        if start == block.size:
            break
        newline = start == stop
        position = stop + 1 if newline else stop
        entry = eos if newline else find(index, block, start, stop, h)[0]
        if entry >= 0:
            ids[n] = entry
            n += 1
        if n > begin and (newline or n - begin == longest):
            ends[sentences] = n
            sentences += 1
            begin = n
    if n > begin:
        ends[sentences] = n
        sentences += 1
    return n, sentences


@njit(cache=True, nogil=True)
def encode_examples(
    block: NDArray[np.uint8],
    index: Index,
    words: int,
    eos: int,
    eos_hash: Any,
    ids: NDArray[np.int32],
    hashes: NDArray[np.uint32],
    ends: NDArray[np.int64],
    labels: NDArray[np.int32],
    label_ends: NDArray[np.int64],
) -> tuple[int, int, int]:
    """The words of each line, known (number) or not (-1), with their hashes, and the known labels of each line.

    Entries from `words` on are labels; labels that are not known are left out. Each line ends with ``</s>``.

    Returns
    -------
    tuple
        How many words, labels and lines there are; the arrays must be as long as the block has bytes.
    """
    n = m = lines = position = 0
    while position < block.size:
        start, stop, h = next_word(block, position)
        if start == block.size:
            break
        if start == stop:  # a newline
            ids[n] = eos
            hashes[n] = eos_hash
            n += 1
            ends[lines] = n
            label_ends[lines] = m
            lines += 1
            position = stop + 1
            continue
        position = stop
        entry = find(index, block, start, stop, h)[0]
        if is_label(block, start, stop):
            if entry >= 0:
                labels[m] = entry - words
                m += 1
        else:
            ids[n] = entry
            hashes[n] = h
            n += 1
    return n, m, lines


@njit(cache=True, nogil=True)
def check_labels(block: NDArray[np.uint8]) -> tuple[int, bool]:
    """The first line, counted from 0, that holds words but no label, or a label without a name; and whether it is the latter.

    -1 where there is none.
    """
    line = position = words = labels = 0
    while position < block.size:
        start, stop, _ = next_word(block, position)
        if start == block.size:
            break
        if start == stop:
            if words > 0 and labels == 0:
                return line, False
            line += 1
            words = labels = 0
            position = stop + 1
            continue
        if is_label(block, start, stop):
            if stop - start == _PREFIX.size:
                return line, True
            labels += 1
        else:
            words += 1
        position = stop
    return -1, False

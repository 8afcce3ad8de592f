"""Texts and words to rows of the input matrix, as fastText does it: words, their subwords, and n-grams of words. Compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext.binary import Binary
from algorithms.blazingtext.fasttext.memory import fetch
from algorithms.blazingtext.tokens import EOS, Index, find, hash_word, is_label, next_word

_EOS_HASH = int(hash_word(np.frombuffer(EOS.encode(), np.uint8)))
_BEGINS, _ENDS = ord("<"), ord(">")


class Features(NamedTuple):
    """What of a model decides which rows a text has.

    Attributes
    ----------
    words
        Number of words: the row of the first bucket.
    eos
        Number of ``</s>``, or -1.
    minn, maxn, bucket, ngrams
        As `Arguments` has them; `ngrams` is at least 1.
    kept
        shape: (buckets,) or, where nothing is pruned, (0,); int32: the row of a bucket behind those of the words, or -1.
    """

    table: Index
    words: int
    eos: int
    minn: int
    maxn: int
    bucket: int
    ngrams: int
    kept: NDArray[np.int32]

    @classmethod
    def of(cls, binary: Binary) -> Features:
        args, dictionary = binary.args, binary.dictionary
        eos = np.frombuffer(EOS.encode(), np.uint8)
        entry = int(find(dictionary.index, eos, 0, eos.size, hash_word(eos))[0])
        ngrams = max(args.wordNgrams, 1) if args.bucket else 1
        kept = dictionary.rows_of_buckets(args.bucket)
        return cls(dictionary.index, dictionary.words, entry, args.minn, args.maxn, max(args.bucket, 1), ngrams, kept)


@njit(cache=True, nogil=True)
def rows_of_lines(features: Features, text: NDArray[np.uint8], lines: int) -> tuple[Any, Any]:
    """The rows of every line of a text, in fastText's order; labels have none.

    Parameters
    ----------
    text
        UTF-8 that ends with a newline, shape: (bytes,).
    lines
        How many newlines there are in it.

    Returns
    -------
    tuple
        The rows, int32, and where those of each line end, int64.
    """
    table, known, eos, minn, maxn, bucket, ngrams, kept = features
    chars, entry_starts, entry_hashes, slots = table
    most = text.size // 2 + lines  # a word and a blank take two bytes, a newline one
    starts, stops, hashes = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.uint32)
    rows = np.empty(most * ngrams + (text.size + 2 * most) * maxn, np.int32)  # what is not used takes no memory
    ends = np.empty(lines, np.int64)
    n = position = 0
    for line in range(lines):
        read, position = _read_line(text, position, starts, stops, hashes)
        _fetch_entries(slots, entry_hashes, entry_starts, chars, hashes, read)
        words = 0
        for i in range(read):
            start, stop, h = starts[i], stops[i], hashes[i]
            newline = start == stop
            entry = eos if newline else find(table, text, start, stop, h)[0]
            if entry < known if entry >= 0 else newline or not is_label(text, start, stop):
                if entry >= 0:
                    rows[n] = entry
                    n += 1
                if maxn > 0 and h != _EOS_HASH:
                    n = _add_subwords(text, start, stop, minn, maxn, bucket, known, kept, rows, n)
                hashes[words] = h
                words += 1
            if h == _EOS_HASH:
                break  # fastText reads no further than a </s> that stands in the text
        if ngrams > 1:
            n = _add_ngrams(hashes, words, ngrams, bucket, known, kept, rows, n)
        ends[line] = n
    return rows[:n], ends


@njit(cache=True, nogil=True)
def rows_of_words(features: Features, chars: NDArray[np.uint8], ends: NDArray[np.int64]) -> tuple[Any, Any]:
    """The rows of each word, whatever bytes it is made of: its own, and those of its subwords. None for one that is unknown.

    Parameters
    ----------
    chars, ends
        The words' bytes one after the other, and where each ends.

    Returns
    -------
    tuple
        As `rows_of_lines`.
    """
    table, known, _, minn, maxn, bucket, _, kept = features
    rows = np.empty(ends.size + (chars.size + 2 * ends.size) * maxn, np.int32)
    row_ends = np.empty(ends.size, np.int64)
    n = start = 0
    for word in range(ends.size):
        stop = ends[word]
        h = hash_word(chars[start:stop])
        entry = find(table, chars, start, stop, h)[0]
        if 0 <= entry < known:
            rows[n] = entry
            n += 1
        if maxn > 0 and h != _EOS_HASH:
            n = _add_subwords(chars, start, stop, minn, maxn, bucket, known, kept, rows, n)
        row_ends[word] = n
        start = stop
    return rows[:n], row_ends


# What follows takes arrays and numbers one by one: a tuple of arrays costs a count of references for each of them, each call.


@njit(cache=True, nogil=True)
def _read_line(text: Any, position: int, starts: Any, stops: Any, hashes: Any) -> tuple[int, int]:
    """The words of a line, the newline being the last: how many there are, and where the next line begins."""
    words = 0
    while True:
        starts[words], stops[words], hashes[words] = next_word(text, position)
        position = stops[words]
        words += 1
        if starts[words - 1] == position:
            hashes[words - 1] = _EOS_HASH
            return words, position + 1


@njit(cache=True, nogil=True)
def _fetch_entries(slots: Any, entry_hashes: Any, entry_starts: Any, chars: Any, hashes: Any, words: int) -> None:
    """Have fetched what `find` will read, for all words at once: their slots, then what is known of the entries there."""
    mask = slots.size - 1
    for i in range(words):
        fetch(slots, np.int64(hashes[i]) & mask)
    for i in range(words):
        entry = np.int64(slots[np.int64(hashes[i]) & mask])
        fetch(entry_hashes, entry)
        fetch(entry_starts, entry)
    for i in range(words):
        entry = np.int64(slots[np.int64(hashes[i]) & mask])
        if entry >= 0 and entry_hashes[entry] == hashes[i]:
            fetch(chars, entry_starts[entry])


@njit(cache=True, nogil=True)
def _add_ngrams(hashes: Any, words: int, ngrams: int, bucket: int, known: int, kept: Any, rows: Any, n: int) -> int:
    """Add the rows of 2 to `ngrams` words in a row."""
    for i in range(words):
        h = np.uint64(np.int64(np.int32(hashes[i])))  # signed, as fastText has it
        for j in range(i + 1, min(words, i + ngrams)):
            h = h * np.uint64(116049371) + np.uint64(np.int64(np.int32(hashes[j])))
            n = _add_bucket(np.int64(h % np.uint64(bucket)), known, kept, rows, n)
    return n


@njit(cache=True, nogil=True)
def _add_subwords(
    text: Any, start: int, stop: int, minn: int, maxn: int, bucket: int, known: int, kept: Any, rows: Any, n: int
) -> int:
    """Add the rows of a word's subwords: `minn` to `maxn` characters in a row of ``<word>``."""
    size = stop - start + 2
    for i in range(size):
        if (_byte(text, start, size, i) & 0xC0) == 0x80:
            continue  # not where a character begins
        h = np.uint32(2166136261)
        j, characters = i, 1
        while j < size and characters <= maxn:
            h = _hashed(h, _byte(text, start, size, j))
            j += 1
            while j < size and (_byte(text, start, size, j) & 0xC0) == 0x80:
                h = _hashed(h, _byte(text, start, size, j))
                j += 1
            if characters >= minn and not (characters == 1 and (i == 0 or j == size)):
                n = _add_bucket(np.int64(h) % bucket, known, kept, rows, n)
            characters += 1
    return n


@njit(cache=True, nogil=True)
def _add_bucket(bucket: int, known: int, kept: Any, rows: Any, n: int) -> int:
    row = kept[bucket] if kept.size else bucket
    if row < 0:
        return n
    rows[n] = known + row
    return n + 1


@njit(inline="always")
def _byte(text: Any, start: int, size: int, i: int) -> Any:
    """The i-th byte of ``<word>``."""
    if i == 0:
        return np.uint8(_BEGINS)
    return np.uint8(_ENDS) if i == size - 1 else text[start + i - 1]


@njit(inline="always")
def _hashed(h: Any, byte: Any) -> Any:
    """The hash of one byte more; numba would go on in 64 bits."""
    return np.uint32((h ^ np.uint32(np.int8(byte))) * np.uint32(16777619))

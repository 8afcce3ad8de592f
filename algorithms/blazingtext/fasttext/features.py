"""Texts and words to rows of the input matrix, as fastText does it: words, their subwords, and n-grams of words. Compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext.binary import Binary
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
    rows, n = np.empty(1024, np.int32), 0
    ends = np.empty(lines, np.int64)
    hashes = np.empty(1024, np.uint32)
    position = 0
    for line in range(lines):
        words, ended = 0, False
        while True:
            start, stop, h = next_word(text, position)
            position = max(stop, start + 1)
            newline = start == stop
            if ended and not newline:
                continue  # fastText reads no further than a </s> that stands in the text
            entry = features.eos if newline else find(features.table, text, start, stop, h)[0]
            if newline:
                h = np.uint32(_EOS_HASH)
            if not ended and (entry < features.words if entry >= 0 else newline or not is_label(text, start, stop)):
                rows = _room(rows, n + 1 + (stop - start + 2) * features.maxn)
                n = _add_word(features, text, start, stop, entry, h == _EOS_HASH, rows, n)
                if words == hashes.size:
                    hashes = np.concatenate((hashes, np.empty(hashes.size, np.uint32)))
                hashes[words] = h
                words += 1
            if newline:
                break
            ended = h == _EOS_HASH
        rows = _room(rows, n + words * (features.ngrams - 1))
        for i in range(words if features.ngrams > 1 else 0):
            h = np.uint64(np.int64(np.int32(hashes[i])))  # signed, as fastText has it
            for j in range(i + 1, min(words, i + features.ngrams)):
                h = h * np.uint64(116049371) + np.uint64(np.int64(np.int32(hashes[j])))
                n = _add_bucket(features, np.int64(h % np.uint64(features.bucket)), rows, n)
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
    rows, n = np.empty(1024, np.int32), 0
    row_ends = np.empty(ends.size, np.int64)
    start = 0
    for word in range(ends.size):
        stop = ends[word]
        h = hash_word(chars[start:stop])
        entry = find(features.table, chars, start, stop, h)[0]
        rows = _room(rows, n + 1 + (stop - start + 2) * features.maxn)
        n = _add_word(features, chars, start, stop, entry, h == _EOS_HASH and stop - start == 4, rows, n)
        row_ends[word] = n
        start = stop
    return rows[:n], row_ends


@njit(cache=True, nogil=True)
def _room(rows: Any, wanted: int) -> Any:
    """The array, in a larger one if it has not the room wanted."""
    if wanted <= rows.size:
        return rows
    larger = np.empty(2 * wanted, np.int32)
    larger[: rows.size] = rows
    return larger


@njit(cache=True, nogil=True)
def _add_bucket(features: Features, bucket: int, rows: Any, n: int) -> int:
    if features.kept.size:
        bucket = features.kept[bucket]
    if bucket < 0:
        return n
    rows[n] = features.words + bucket
    return n + 1


@njit(cache=True, nogil=True)
def _add_word(features: Features, text: Any, start: int, stop: int, entry: int, eos: bool, rows: Any, n: int) -> int:
    """Add the row of a word, if it is known, and of its subwords: all `minn` to `maxn` characters in a row of ``<word>``."""
    if entry >= 0:
        rows[n] = entry
        n += 1
    if eos or features.maxn == 0:
        return n
    size = stop - start + 2
    for i in range(size):
        if (_byte(text, start, size, i) & 0xC0) == 0x80:
            continue  # not where a character begins
        h = np.uint32(2166136261)
        j, characters = i, 1
        while j < size and characters <= features.maxn:
            h = _hashed(h, _byte(text, start, size, j))
            j += 1
            while j < size and (_byte(text, start, size, j) & 0xC0) == 0x80:
                h = _hashed(h, _byte(text, start, size, j))
                j += 1
            if characters >= features.minn and not (characters == 1 and (i == 0 or j == size)):
                n = _add_bucket(features, np.int64(h) % features.bucket, rows, n)
            characters += 1
    return n


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

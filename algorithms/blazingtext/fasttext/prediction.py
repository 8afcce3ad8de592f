"""Vectors of words and labels of sentences: what a loaded binary answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext import features, network
from algorithms.blazingtext.fasttext.arguments import HIERARCHICAL_SOFTMAX, SOFTMAX
from algorithms.blazingtext.fasttext.binary import Binary

#: Bytes of text taken at once, and scores, those of all labels for each line: they bound the memory of a large request.
STRETCH, SCORES = 1 << 20, 1 << 22


class WordVectors:
    """Vectors of words, of unknown ones by their subwords where the model has any. Safe to use from several threads."""

    def __init__(self, binary: Binary) -> None:
        self._binary = binary
        self._features = features.Features.of(binary)

    def __call__(self, words: Sequence[str]) -> NDArray[np.float32]:
        """shape: (words, dim); zeros for a word of which nothing is known."""
        encoded = [word.encode() for word in words]
        ends = np.cumsum([len(word) for word in encoded], dtype=np.int64)
        chars = np.frombuffer(bytearray(b"".join(encoded)), np.uint8)
        rows = features.rows_of_words(self._features, chars, ends)
        vectors: NDArray[np.float32] = network.means(self._binary.input, self._binary.args.dim, *rows)
        return vectors


class Labels:
    """The most probable labels of lines of text. Safe to use from several threads."""

    def __init__(self, binary: Binary) -> None:
        self._binary = binary
        self._features = features.Features.of(binary)
        dictionary = binary.dictionary
        self.names = dictionary.text(range(dictionary.words, dictionary.words + dictionary.labels))
        hierarchical = binary.args.loss == HIERARCHICAL_SOFTMAX
        self._tree = network.huffman(dictionary.counts[dictionary.words :]) if hierarchical else None
        self._probabilities = network.softmax if binary.args.loss == SOFTMAX else network.logistic

    def __call__(self, text: bytes, k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Labels and probabilities of each line, by falling probability.

        Parameters
        ----------
        text
            UTF-8, whose last line ends with a newline like all others.
        k
            Labels wanted of each line, from 1.

        Returns
        -------
        tuple
            Positions in `names`, -1 where the line has no more labels, and probabilities, 1e-5 too high as fastText's are;
            shapes: (lines, k or the number of labels if that is less).
        """
        k = min(k, len(self.names))
        found = [each for stretch in _stretches(text) for each in self._of_stretch(stretch, k)]
        labels, logs = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return labels, np.exp(logs)

    def _of_stretch(self, text: bytes, k: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float32]]]:
        """Labels and the logarithms of their probabilities, some lines at a time."""
        lines = text.count(b"\n")
        rows, ends = features.rows_of_lines(self._features, np.frombuffer(bytearray(text), np.uint8), lines)
        hidden = network.means(self._binary.input, self._binary.args.dim, rows, ends)
        unknown = np.diff(ends, prepend=0) == 0
        step = max(1, SCORES // len(self.names))
        for block in (slice(start, start + step) for start in range(0, lines, step)):
            if self._tree is not None:
                labels, logs = network.descend(self._binary.output, self._tree, hidden[block], k)
            else:
                labels, logs = network.best(self._probabilities(self._binary.output, hidden[block]), k)
            labels[unknown[block]] = -1  # of nothing nothing is known
            yield labels, logs


def _stretches(text: bytes) -> Iterator[bytes]:
    """Whole lines of about `STRETCH` bytes."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start + STRETCH) + 1 or len(text)
        yield text[start:end]
        start = end

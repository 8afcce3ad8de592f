"""What the model answers, as JSON text.

Answers stay arrays until they are text. A dictionary and two lists for each of a thousand sentences would set Python's garbage
collector off, which takes longer than the sentences do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelAnswers:
    """The labels of sentences.

    Attributes
    ----------
    names
        Names of all labels, as JSON.
    labels
        Positions in `names`, by falling probability, -1 where a sentence has no more; shape: (sentences, k), int32.
    probabilities
        shape: (sentences, k), float32.
    """

    names: Sequence[bytes]
    labels: NDArray[np.int32]
    probabilities: NDArray[np.float32]

    def texts(self) -> list[bytes]:
        """An object for each sentence."""
        there = self.labels >= 0
        ends = there.sum(axis=1).cumsum().tolist()
        names = [self.names[label] for label in self.labels[there].tolist()]
        numbers = _dumps(self.probabilities[there])[1:-1].split(b",")
        return [
            b'{"label":[%b],"prob":[%b]}' % (b",".join(names[begin:end]), b",".join(numbers[begin:end]))
            for begin, end in pairwise([0, *ends])
        ]


@dataclass(frozen=True, slots=True)
class VectorAnswers:
    """The vectors of words.

    Attributes
    ----------
    words
        As they came.
    vectors
        shape: (words, dim), float32.
    """

    words: Sequence[str]
    vectors: NDArray[np.float32]

    def texts(self) -> list[bytes]:
        """An object for each word."""
        vectors = _dumps(self.vectors)[2:-2].split(b"],[")
        return [
            b'{"vector":[%b],"word":%b}' % (vector, orjson.dumps(word))
            for vector, word in zip(vectors, self.words, strict=True)
        ]


Answers = LabelAnswers | VectorAnswers


def _dumps(array: NDArray[Any]) -> bytes:
    """Numbers with the fewest digits that read back, no blanks between them."""
    return orjson.dumps(array, option=orjson.OPT_SERIALIZE_NUMPY)

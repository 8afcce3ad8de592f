"""What a fastText binary says of how its model was trained."""

from __future__ import annotations

import struct
from typing import NamedTuple

_FORMAT = struct.Struct("<12id")

#: `Arguments.model`.
CBOW, SKIPGRAM, SUPERVISED = 1, 2, 3
#: `Arguments.loss`.
HIERARCHICAL_SOFTMAX, NEGATIVE_SAMPLING, SOFTMAX, ONE_VERSUS_ALL = 1, 2, 3, 4


class Arguments(NamedTuple):
    """In the order of the file.

    Attributes
    ----------
    dim
        Width of the vectors.
    ws, epoch, minCount, neg, lrUpdateRate, t
        Window, epochs, least count of a word, negative samples, words between updates of the learning rate, threshold of
        sub-sampling: only of use to those who would train on.
    wordNgrams
        Words in a row whose n-grams count as features.
    loss, model
        One of the constants of this module.
    bucket
        Rows of the input matrix after those of the words, which n-grams of characters and words share.
    minn, maxn
        Characters of the shortest and the longest subword; no subwords where `maxn` is 0.
    """

    dim: int
    ws: int
    epoch: int
    minCount: int
    neg: int
    wordNgrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lrUpdateRate: int = 100
    t: float = 1e-4

    @classmethod
    def unpack(cls, data: bytes) -> Arguments:
        """From the file's bytes, `size` of them."""
        return cls(*_FORMAT.unpack(data))

    def pack(self) -> bytes:
        """As they stand in the file."""
        return _FORMAT.pack(*self)

    @staticmethod
    def size() -> int:
        return _FORMAT.size

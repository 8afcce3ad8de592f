"""``vectors.txt``: word vectors as text, as word2vec, fastText and gensim write and read them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

#: Words written at once.
BLOCK = 4096


def write(path: Path, words: Sequence[str], dim: int, vectors: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
    """Write a line of the number of words and `dim`, then each word and its vector, in the order given.

    Values are written with the fewest digits that read back as the same float32.

    Parameters
    ----------
    vectors
        Gives the vectors of some words, shape: (words, dim).
    """
    with path.open("wb") as file:
        file.write(f"{len(words)} {dim}\n".encode())
        for start in range(0, len(words), BLOCK):
            block = words[start : start + BLOCK]
            rows = orjson.dumps(np.ascontiguousarray(vectors(block)), option=orjson.OPT_SERIALIZE_NUMPY)[2:-2]
            lines = zip(block, rows.replace(b",", b" ").split(b"] ["), strict=True)
            file.writelines(word.encode() + b" " + row + b"\n" for word, row in lines)

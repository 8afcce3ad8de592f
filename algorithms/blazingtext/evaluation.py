"""How well word vectors agree with people on the similarity of words: ``eval.json``.

The pairs are those of WordSim-353 (Finkelstein et al. 2002), which comes with gensim; which of them are similar and which are
related is the division of Agirre et al. 2009, "A Study on Similarity and Relatedness Using Distributional and WordNet-based
Approaches".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence, Set
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Which set each pair of gensim's file belongs to, in its order: similar, related, both (pairs that are neither are a part of
#: both sets), or none (the second of two judgements of money and cash).
DIVISION = (
    "RSSRRRSSRSSRSSSSSBSRRBBBBRBBRRSSBBSSSRRBSRSSSRRRSRRRRRRSBRSSBBRSRBSSSSSSSSSSSSRRBBRBBSBBBBBBBBBBS-SR"
    "RRRRRRBSSSSSSSRSRRRRRRRRSSRSRSSRRRSBBRBBSRSBSSSRBBRSSBRRRRRRBBRRRBRRBBSBRBBRRSSBBBRSBBBRBBBRBRRSBRRR"
    "RBSRRBBRRSSRRRSBBBBRBBRSRBBBBRRRRRRBSRRRBBRBSSSBBRSBBBBSRSRRRBRBSSSRRRRSRRBBRSRRRSRRBRSSSSRRBBRRSRBR"
    "RRRRRRSSSRSRBRRRBBBBBSRRRBBBBRRRRBBBSSBRRSSBRRRSRRRRB"
)
#: Names of the sets, as AWS's evaluation has them, and the letters of their pairs.
SETS = {"EN-WS-353-ALL.txt": "SRB-", "EN-WS-353-REL.txt": "RB", "EN-WS-353-SIM.txt": "SB"}
_FILE = "gensim/test/test_data/wordsim353.tsv"


def evaluate(words: Sequence[str], vectors: Callable[[Sequence[str]], NDArray[np.float32]]) -> dict[str, Any]:
    """What ``eval.json`` holds.

    Parameters
    ----------
    words
        The vocabulary; pairs with a word that is not in it, neither as it is written nor in lower case, are not found.
    vectors
        Gives the vectors of some words, shape: (words, dim).

    Returns
    -------
    dict
        For each set its `total_pairs`, those `not_found`, and `spearmans_rho`, the rank correlation of cosine and human
        judgement over the others; None where fewer than two are left or all are alike. `mean_rho` is the mean over the sets
        that have one, None where none has.
    """
    known = set(words)
    found: list[tuple[str, str, float, str]] = []
    for (first, second, score), letter in zip(pairs(), DIVISION, strict=True):
        found.append((_spelling(first, known), _spelling(second, known), score, letter))
    present = sorted({word for pair in found for word in pair[:2] if word})
    unit = {}
    if present:
        rows = vectors(present).astype(np.float64)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float64).tiny)
        unit = dict(zip(present, rows, strict=True))
    results: dict[str, Any] = {}
    for name, letters in SETS.items():
        chosen = [pair for pair in found if pair[3] in letters]
        usable = [pair for pair in chosen if pair[0] and pair[1]]
        cosines = [float(unit[first] @ unit[second]) for first, second, _, _ in usable]
        rho = _spearman(cosines, [score for _, _, score, _ in usable])
        results[name] = {"not_found": len(chosen) - len(usable), "spearmans_rho": rho, "total_pairs": len(chosen)}
    rhos = [result["spearmans_rho"] for result in results.values() if result["spearmans_rho"] is not None]
    return {**results, "mean_rho": float(np.mean(rhos)) if rhos else None}


def pairs() -> list[tuple[str, str, float]]:
    """Two words and their similarity from 0 to 10 as people judged it: the 353 of gensim's file, in its order."""
    text = Path(str(distribution("gensim").locate_file(_FILE))).read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [(first, second, float(score)) for first, second, score in rows]


def _spelling(word: str, known: Set[str]) -> str:
    """How the vocabulary spells a word; empty where it does not."""
    return next((each for each in (word, word.lower()) if each in known), "")


def _spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    if len(first) < 2:
        return None
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = float(np.corrcoef(_ranks(first), _ranks(second))[0, 1])
    return None if math.isnan(rho) else rho


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The place of each value among all, in rising order; equal ones share the mean of their places."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: NDArray[np.float64] = np.cumsum(counts) - (counts - 1) / 2
    return middle[places]

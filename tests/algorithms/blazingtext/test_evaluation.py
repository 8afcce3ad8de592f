"""WS-353: the sets are the published ones, the correlation is Spearman's, and what is missing is counted."""

import gzip

import numpy as np
import pytest
from scipy.stats import spearmanr

from algorithms.blazingtext.evaluation import DIVISION, SETS, evaluate, pairs
from tests.data import path


def random_vectors(words):
    return np.array([np.random.default_rng(list(word.encode())).normal(size=5) for word in words], np.float32)


@pytest.mark.parametrize("name", ["REL", "SIM"])
def test_the_sets_are_those_of_agirre_and_others(name):
    content = gzip.decompress(path(f"wordsim/EN-WS-353-{name}.txt.gz").read_bytes()).decode()
    theirs = sorted(
        (first.lower(), second.lower(), float(score)) for first, second, score in map(str.split, content.splitlines())
    )
    letters = SETS[f"EN-WS-353-{name}.txt"]
    ours = sorted(
        (first.lower(), second.lower(), score)
        for (first, second, score), letter in zip(pairs(), DIVISION, strict=True)
        if letter in letters
    )
    assert ours == theirs


def test_every_word_known():
    words = sorted({word for pair in pairs() for word in pair[:2]})
    result = evaluate(words, random_vectors)
    assert {name: (each["total_pairs"], each["not_found"]) for name, each in result.items() if name != "mean_rho"} == {
        "EN-WS-353-ALL.txt": (353, 0),
        "EN-WS-353-REL.txt": (252, 0),
        "EN-WS-353-SIM.txt": (203, 0),
    }
    first, second = (random_vectors([pair[at] for pair in pairs()]).astype(float) for at in (0, 1))
    cosines = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    expected = spearmanr(cosines, [score for _, _, score in pairs()]).statistic
    assert result["EN-WS-353-ALL.txt"]["spearmans_rho"] == pytest.approx(expected, abs=1e-9)
    assert result["mean_rho"] == pytest.approx(np.mean([result[name]["spearmans_rho"] for name in SETS]))


def test_vectors_that_agree_with_people_have_a_correlation_of_one():
    # Four pairs, whose angles are the smaller the more alike people find them.
    angles = {"tiger": 0.0, "cat": 0.1, "drink": 2.0, "car": 2.5, "king": 4.0, "cabbage": 5.5}
    result = evaluate(list(angles), lambda words: np.array([[np.cos(angles[w]), np.sin(angles[w])] for w in words], np.float32))
    found = [pair for pair in pairs() if pair[0] in angles and pair[1] in angles]
    assert len(found) == 4
    assert result["EN-WS-353-ALL.txt"] == {"total_pairs": 353, "not_found": 349, "spearmans_rho": pytest.approx(1.0)}


def test_capitals_are_found_in_lower_case_but_not_the_other_way_round():
    vectors = lambda words: np.ones((len(words), 2), np.float32)  # noqa: E731
    assert evaluate(["jerusalem", "israel"], vectors)["EN-WS-353-ALL.txt"]["not_found"] == 352
    assert evaluate(["Jerusalem", "Israel"], vectors)["EN-WS-353-ALL.txt"]["not_found"] == 352
    assert evaluate(["Tiger", "Cat"], vectors)["EN-WS-353-ALL.txt"]["not_found"] == 353


@pytest.mark.parametrize("words", [[], ["zzyzx"], ["tiger", "cat"], ["tiger", "cat", "drink", "car"]])
def test_too_little_to_correlate_is_no_number(words):
    result = evaluate(words, lambda words: np.zeros((len(words), 3), np.float32))
    assert result["mean_rho"] is None
    assert all(result[name]["spearmans_rho"] is None for name in SETS)

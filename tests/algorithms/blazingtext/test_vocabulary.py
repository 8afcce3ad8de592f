"""The words of a corpus."""

import collections

import numpy as np
import pytest

from algorithms.blazingtext import counting, tokens
from algorithms.blazingtext.vocabulary import Vocabulary
from containers.errors import UserError
from tests.algorithms.blazingtext.texts import corpus


def text(line):
    return np.frombuffer(line.encode(), np.uint8)


def test_words_by_falling_count_with_the_ends_of_lines():
    vocabulary = Vocabulary.build(corpus("b a c\na a b\n", "a"), 1)
    assert vocabulary.words == ["a", "</s>", "b", "c"]
    assert vocabulary.counts.tolist() == [4, 3, 2, 1]
    assert (vocabulary.tokens, vocabulary.labels, len(vocabulary)) == (10, [], 4)


def test_rare_words_are_left_out_but_counted():
    vocabulary = Vocabulary.build(corpus("a a b\n" * 2), 3)
    assert (vocabulary.words, vocabulary.tokens) == (["a"], 8)
    assert [vocabulary.number(word) for word in ("a", "b", "</s>", "")] == [0, -1, -1, -1]


def test_counts_of_a_large_vocabulary():
    """More words than the table has room for at first, and more than a block."""
    numbers = np.random.default_rng(0).zipf(1.3, 60_000) % 30_000
    words = [f"wört-{n}" for n in numbers]
    vocabulary = Vocabulary.build(corpus(" ".join(words[:30_000]), " ".join(words[30_000:])), 1)
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == collections.Counter([*words, "</s>", "</s>"])
    assert (np.diff(vocabulary.counts) <= 0).all()
    assert [vocabulary.number(word) for word in vocabulary.words] == list(range(len(vocabulary)))


def test_memory_is_bounded_by_forgetting_rare_words(monkeypatch):
    monkeypatch.setattr(counting, "MOST_ENTRIES", 5_000)
    rare = [f"rare{i}" for i in range(50_000)]
    lines = "\n".join(f"{word} often" for word in rare)
    counter = counting.Counter()
    for block in corpus(lines).blocks(0):
        counter.add(block.text)
    counts = dict(zip(counter.entries(), counter.counts.tolist(), strict=True))
    assert counts[b"often"] == counts[b"</s>"] == counter.words / 3 == 50_000
    assert len(counts) < 12_000


def test_sentences_hold_the_known_words():
    vocabulary = Vocabulary.build(corpus("a a a b b\n"), 1)
    ids, ends = vocabulary.sentences(text("b new a\n\nnew\na"))
    a, b, eos = (vocabulary.number(word) for word in ("a", "b", "</s>"))
    assert (ids.tolist(), ends.tolist()) == ([b, a, eos, eos, eos, a], [3, 4, 5, 6])


def test_long_lines_are_several_sentences():
    vocabulary = Vocabulary.build(corpus("a b"), 1)
    _, ends = vocabulary.sentences(text("a " * 2500 + "\n"))
    assert ends.tolist() == [1024, 2048, 2501]


def test_labels_are_counted_apart():
    text = "__label__x good __label__y\nbad bad __label__x bad\n"
    found = Vocabulary.build(corpus(text, whole_lines=True), 2, supervised=True)
    assert (found.words, found.counts.tolist()) == (["bad", "</s>"], [3, 2])
    assert (found.labels, found.label_counts.tolist()) == (["__label__x", "__label__y"], [2, 1])
    assert [found.number(word) for word in ("__label__x", "__label__y")] == [2, 3]


def test_only_supervised_mode_knows_labels():
    assert Vocabulary.build(corpus("__label__x a a a __label__x"), 1).words == ["a", "__label__x", "</s>"]


def test_examples_hold_words_hashes_and_labels_line_by_line():
    vocabulary = Vocabulary.build(corpus("__label__x a __label__y b\n", whole_lines=True), 1, supervised=True)
    found = vocabulary.examples(text("a new __label__y\n\n__label__z __label__x b __label__y\n"))
    a, b, eos = (vocabulary.number(word) for word in ("a", "b", "</s>"))
    assert found.ids.tolist() == [a, -1, eos, eos, b, eos]
    assert found.ends.tolist() == [3, 4, 6]
    assert (found.labels.tolist(), found.label_ends.tolist()) == ([1, 0, 1], [1, 1, 3])
    assert found.hashes.tolist() == [tokens.hash_word(text(word)) for word in ("a", "new", "</s>", "</s>", "b", "</s>")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("fine __label__a\nno label here\n", "part-1 line 2: expected at least one word that begins with '__label__'"),
        ("x __label__\n", "part-1 line 1: expected a name behind '__label__'"),
    ],
)
def test_lines_that_cannot_teach_are_named(line, reason):
    with pytest.raises(UserError, match=reason):
        Vocabulary.build(corpus("__label__a a\n", line, whole_lines=True), 1, supervised=True)


@pytest.mark.parametrize("content", ["a b c a\n", "", " \n\n"])
def test_nothing_left_says_how_much_there_was(content):
    with pytest.raises(UserError) as error:
        Vocabulary.build(corpus(content), 3)
    different = len(set(content.split()))
    assert f"{len(content.split())} words, {different} different ones" in str(error.value)


def test_merged_as_if_it_were_one_corpus():
    whole = Vocabulary.build(corpus("a b b b c c\n", "c c d\n"), 2)
    parts = [Vocabulary.build(corpus(part), 1) for part in ("a b b b c c\n", "c c d\n")]
    merged = Vocabulary.merged([part.dump() for part in parts], 2)
    assert (merged.words, merged.counts.tolist()) == (whole.words, whole.counts.tolist())
    assert (merged.tokens, merged.size) == (whole.tokens, whole.size)

"""Words in bytes, as fastText reads them."""

import numpy as np
import pytest

from algorithms.blazingtext import tokens


def as_bytes(word):
    return np.frombuffer(word.encode(), np.uint8)


#: Computed with fastText's `Dictionary::hash`.
@pytest.mark.parametrize(("word", "expected"), [("", 2166136261), ("a", 3826002220), ("é", 1023043777)])
def test_hashes_are_fasttexts(word, expected):
    assert tokens.hash_word(as_bytes(word)) == expected


def words(text):
    block, position, found = np.frombuffer(text, np.uint8), 0, []
    while True:
        start, stop, h = tokens.next_word(block, position)
        if start == block.size:
            return found
        assert start == stop or h == tokens.hash_word(block[start:stop])
        found.append("\n" if start == stop else text[start:stop].decode())
        position = stop + 1 if start == stop else stop


def test_what_separates_words():
    assert words(b" one\ttwo\vthree\ffour\rfive\0six \n\n seven") == [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "\n",
        "\n",
        "seven",
    ]
    assert words("no\u00a0blank \u2003".encode()) == ["no\u00a0blank", "\u2003"]
    assert words(b"") == words(b"  \t ") == []


def test_words_with_equal_hashes_are_told_apart():
    """In a table so small that nearly all collide."""
    many = [f"w{i}".encode() for i in range(500)]
    index = tokens.index(many)
    assert index.slots.size < 4 * len(many)
    for i, word in enumerate(many):
        block = np.frombuffer(word, np.uint8)
        assert tokens.find(index, block, 0, block.size, tokens.hash_word(block))[0] == i
        assert tokens.find(index, block, 0, block.size, index.hashes[i - 1])[0] == -1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"__label__a x\n\n__label__b y\n", (-1, False)),
        (b"__label__a x\nx y\n", (1, False)),
        (b"\nx __label__\n", (1, True)),
        (b"x __label_a\n", (0, False)),
        (b"__label__a\n", (-1, False)),
    ],
)
def test_lines_that_cannot_teach(text, expected):
    assert tokens.check_labels(np.frombuffer(text, np.uint8)) == expected

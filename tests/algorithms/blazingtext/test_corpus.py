"""A corpus in blocks."""

import pytest

from algorithms.blazingtext import corpus as module
from containers.errors import UserError
from tests.algorithms.blazingtext.texts import corpus


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 16)


def blocks(*texts, **options):
    return [(block.text.tobytes(), block.name, block.line) for block in corpus(*texts, **options).blocks(0)]


def test_blocks_end_with_lines_and_know_their_numbers():
    text = b"one two\nthree four five\nsix\n\nseven eight nine ten\n"
    found = blocks(text, whole_lines=True)
    assert b"".join(block for block, _, _ in found) == text
    assert len(found) > 2
    for i, (block, name, line) in enumerate(found):
        before = b"".join(b for b, _, _ in found[:i])
        assert (block[-1:], name, line) == (b"\n", "part-0", 1 + before.count(b"\n"))


@pytest.mark.parametrize("blank", list("\t\v\f\r\0 "))
def test_a_long_line_is_cut_between_words_only(blank):
    text = blank.join(["word"] * 50)
    found = [block for block, _, _ in blocks(text)]
    assert len(found) > 10
    assert b"".join(found) == text.encode() + b"\n"
    assert all(set(block.replace(blank.encode(), b" ").split()) == {b"word"} for block in found)


def test_a_long_line_stays_whole_where_lines_count():
    text = "word " * 50 + "\nnext\n"
    assert blocks(text, whole_lines=True)[0][0].startswith(b"word " * 50 + b"\n")


def test_a_word_longer_than_a_block_stays_whole():
    assert blocks("a" * 100 + " b\n")[0][0].startswith(b"a" * 100 + b" ")


def test_parts_do_not_run_into_each_other():
    assert blocks("one", "two\n", "", "three ") == [
        (b"one\n", "part-0", 1),
        (b"two\n", "part-1", 1),
        (b"three ", "part-3", 1),
        (b"\n", "part-3", 1),
    ]


def test_ten_megabytes_in_one_line(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 1 << 17)
    text = b"word " * 2_000_000
    assert max(len(block) for block, _, _ in blocks(text)) < 1 << 18
    assert [len(block) for block, _, _ in blocks(text, whole_lines=True)] == [len(text) + 1]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"fine\nnot \xff fine\n", "part-0 line 2 byte 5: expected UTF-8, got 0xff"),
        (b"a b c d e f g h i j k l m n o p q r s t u v\xc3", "part-0 line 1 byte 44: expected UTF-8, got 0xc3"),
        (b"x\n" * 40 + b"\xed\xa0\x80\n", "part-0 line 41 byte 1: expected UTF-8, got 0xed"),
    ],
)
def test_what_is_not_utf8_is_found(text, place):
    with pytest.raises(UserError) as error:
        blocks(text, whole_lines=True)
    assert place in str(error.value)


def test_characters_of_several_bytes_are_never_cut():
    text = "žluťoučký 漢字 🦊 " * 30
    assert b"".join(block for block, _, _ in blocks(text)).decode() == text + "\n"

"""Requests and responses in AWS's shapes."""

import json

import numpy as np
import pytest

from algorithms.blazingtext.answers import Answers, LabelAnswers, VectorAnswers
from algorithms.blazingtext.codec import Codec, Request
from containers.errors import UserError
from containers.media import MediaType


def decode(body: str | bytes, content_type: str = "application/json") -> Request:
    body = body.encode() if isinstance(body, str) else body
    return Codec().decode(body, MediaType.parse(content_type))


def encode(answers: Answers, accept: str = "application/json") -> bytes:
    return Codec().encode(answers, MediaType.parse(accept))


def test_json():
    assert decode('{"instances": ["a b", ""]}') == Request(["a b", ""], [1, 1])
    assert decode('{"instances": ["a", "b"], "configuration": {"k": 3}}') == Request(["a", "b"], [3, 3])
    assert decode('["Word", " w "]') == Request(["Word", " w "], [1, 1])
    assert decode('{"instances": ["a"], "configuration": {}}') == Request(["a"], [1])


def test_json_lines():
    body = '{"source": "source_0"}\n\n{"source": "source 1", "k": 2}'
    assert decode(body, "application/jsonlines") == Request(["source_0", "source 1"], [1, 2])


@pytest.mark.parametrize("content_type", ["text/plain", "text/csv", "text/plain; charset=utf-8"])
def test_text_has_an_instance_a_line(content_type):
    assert decode("a, b\r\n\nc ä\n", content_type) == Request(["a, b", "", "c ä"], [1, 1, 1])


def test_no_content_type_means_text():
    assert Codec.accepts[0] == "text/plain"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{", "not JSON"),
        ("{}", 'expected {"instances"'),
        ('"word"', 'expected {"instances"'),
        ('{"instances": []}', "at least one instance"),
        ('{"instances": "word"}', 'expected {"instances"'),
        ('{"instances": ["a", 3]}', r"instances\[1\]: expected a string, got 3"),
        ('{"instances": ["a"], "configuration": {"k": 0}}', "configuration: k: expected an integer >= 1, got 0"),
        ('{"instances": ["a"], "configuration": {"k": true}}', "configuration: k: expected an integer >= 1, got True"),
        ('{"instances": ["a"], "configuration": {"k": "2"}}', "configuration: k: expected an integer >= 1, got '2'"),
        ('{"instances": ["a"], "configuration": 2}', "configuration: expected an object"),
    ],
)
def test_bad_json(body, says):
    with pytest.raises(UserError, match=says):
        decode(body)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"source": "a"}\nx', "line 2: not JSON"),
        ('{"source": "a"}\n{"text": "b"}', r'line 2: expected {"source": "..."}'),
        ('{"source": 1}', "line 1: expected"),
        ('"a"', "line 1: expected"),
        ('{"source": "a", "k": 1.5}', "line 1: k: expected an integer >= 1, got 1.5"),
        ("\n", "at least one instance"),
    ],
)
def test_bad_json_lines(body, says):
    with pytest.raises(UserError, match=says):
        decode(body, "application/jsonlines")


def test_bad_text():
    with pytest.raises(UserError, match="expected UTF-8, got 0xff at byte 3"):
        decode(b"ab\xff", "text/plain")
    for nothing in (b"", b"\n", b" \n"):
        with pytest.raises(UserError, match="at least one instance"):
            decode(nothing, "text/plain")


def test_responses_are_a_bare_array_or_an_object_a_line():
    names = [b'"__label__1"', b'"__label__\\"2\\" \xc3\xa4"', b'"__label__3"']
    labels = np.array([[1, 0], [-1, -1], [2, -1]], np.int32)
    answers = LabelAnswers(names, labels, np.array([[0.75, 0.1], [0, 0], [1e-5, 0]], np.float32))
    expected = [
        {"label": ['__label__"2" ä', "__label__1"], "prob": [0.75, 0.1]},
        {"label": [], "prob": []},
        {"label": ["__label__3"], "prob": [1e-5]},
    ]
    assert json.loads(encode(answers)) == expected
    lines = encode(answers, "application/jsonlines")
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.splitlines()] == expected


def test_of_nothing_known_nothing_is_written():
    answers = LabelAnswers([b'"__label__1"'], np.full((2, 1), -1, np.int32), np.zeros((2, 1), np.float32))
    assert json.loads(encode(answers)) == [{"label": [], "prob": []}] * 2


def test_vectors_are_written_with_the_fewest_digits_that_read_back():
    vectors = np.random.default_rng(0).normal(size=(2, 50)).astype(np.float32)
    answers = json.loads(encode(VectorAnswers(["naïve", '"],['], vectors)))
    assert [answer["word"] for answer in answers] == ["naïve", '"],[']
    assert np.array_equal(np.array([answer["vector"] for answer in answers], np.float32), vectors)
    answers = VectorAnswers(["w"], np.array([[0.1]], np.float32))
    assert encode(answers) == b'[{"vector":[0.1],"word":"w"}]'
    assert encode(answers, "application/jsonlines") == b'{"vector":[0.1],"word":"w"}\n'

"""Requests and responses in AWS's shapes."""

import json

import numpy as np
import pytest

from algorithms.blazingtext.codec import Codec, Request
from containers.errors import UserError
from containers.media import MediaType


def decode(body: str | bytes, content_type: str = "application/json") -> Request:
    body = body.encode() if isinstance(body, str) else body
    return Codec().decode(body, MediaType.parse(content_type))


def encode(answers, accept: str = "application/json") -> bytes:
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
    labels = [{"label": ["__label__1", "__label__2"], "prob": [0.75, 0.25]}, {"label": [], "prob": []}]
    assert json.loads(encode(labels)) == labels
    lines = encode(labels, "application/jsonlines")
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.splitlines()] == labels


def test_vectors_are_written_with_the_fewest_digits_that_read_back():
    rng = np.random.default_rng(0)
    vector = rng.normal(size=50).astype(np.float32)
    (answer,) = json.loads(encode([{"vector": vector, "word": "naïve"}]))
    assert answer["word"] == "naïve"
    assert np.array_equal(np.array(answer["vector"], np.float32), vector)
    assert encode([{"vector": np.array([0.1], np.float32), "word": "w"}]) == b'[{"vector":[0.1],"word":"w"}]'

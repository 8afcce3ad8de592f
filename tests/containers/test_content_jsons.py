import math

import numpy as np
import orjson
import pytest

from containers.content import jsons
from containers.content.layout import Layout
from containers.errors import UserError
from tests.containers.parts import dense

FOUR = Layout(0, 4)


def as_json(*instances: object) -> bytes:
    return orjson.dumps({"instances": instances})


def as_jsonlines(*instances: object) -> bytes:
    return b"\n".join(map(orjson.dumps, instances))


SHAPES = [
    {"features": [0, 1.5, 0, 4]},
    {"features": {"values": [0, 1.5, 0, 4]}},
    {"data": {"features": {"values": [0, 1.5, 0, 4]}}},
    {"data": {"features": {"values": [0, 1.5, 0, 4], "shape": [4]}}},
    {"data": {"features": {"keys": [], "values": [0, 1.5, 0, 4], "shape": []}}},
    {"data": {"features": [0, 1.5, 0, 4]}},
    {"data": {"features": {"keys": [1, 3], "shape": [4], "values": [1.5, 4]}}},
    {"data": {"features": {"keys": [3, 1], "values": [4, 1.5]}}},
    {"features": {"keys": [1, 3], "shape": [4], "values": [1.5, 4]}},
    {"features": [0, 1.5, 0, 4], "label": 1, "id": "row 7"},
]


@pytest.mark.parametrize("instance", SHAPES)
def test_every_shape_of_an_instance_means_the_same_row(instance):
    for batch in (
        jsons.decode_json(as_json(instance), "request", FOUR),
        jsons.decode_jsonlines(as_jsonlines(instance), "request", FOUR),
    ):
        assert dense(batch) == [[0, 1.5, 0, 4]]
        assert batch.features.dtype == np.float32
        assert batch.labels is None


def test_dense_and_sparse_rows_may_be_mixed():
    batch = jsons.decode_json(as_json(*SHAPES, {"features": {"keys": [], "values": []}}), "request", FOUR)

    assert batch.is_sparse
    assert dense(batch) == [[0, 1.5, 0, 4]] * len(SHAPES) + [[0, 0, 0, 0]]


def test_dense_rows_stay_dense():
    assert not jsons.decode_json(as_json(SHAPES[0], SHAPES[2]), "request", FOUR).is_sparse


def test_blank_lines_are_skipped():
    batch = jsons.decode_jsonlines(b'\n{"features":[1,2,3,4]}\r\n \n\n{"features":[5,6,7,8]}\n\n', "request", FOUR)

    assert dense(batch) == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_null_is_a_missing_value_where_that_is_allowed():
    body = as_json({"features": [1, None, 3, 4]})

    assert math.isnan(dense(jsons.decode_json(body, "request", Layout(0, 4, missing=True)))[0][1])
    with pytest.raises(UserError, match=r"instances\[0\].features\[1\]: expected a finite number, got None"):
        jsons.decode_json(body, "request", FOUR)


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        ({"features": [1, 2, 3]}, ".features: expected 4 features, got 3"),
        ({"features": [1, 2, "x", 4]}, ".features[2]: expected a finite number, got 'x'"),
        ({"features": [1, 2, "3", 4]}, ".features[2]: expected a finite number, got '3'"),
        ({"features": [1, 2, True, 4]}, ".features[2]: expected a finite number, got True"),
        ({"features": [1, 2, [3], 4]}, ".features[2]: expected a finite number, got [3]"),
        ({"features": [1, 2, 1e39, 4]}, ".features[2]: expected a finite number, got 1e+39, too large for float32"),
        ({"features": "1,2,3,4"}, ".features: expected a list of numbers, got '1,2,3,4'"),
        ({"features": {"values": None}}, ".features.values: expected a list of numbers, got None"),
        (
            {"data": {"features": {"keys": [1], "values": [1e39]}}},
            ".data.features.values[0]: expected a finite number, got 1e+39",
        ),
        ({"features": {"keys": [4], "values": [1]}}, ".features.keys[0]: expected an integer from 0 to 3, got 4"),
        ({"features": {"keys": [-1], "values": [1]}}, ".features.keys[0]: expected an integer from 0 to 3, got -1"),
        ({"features": {"keys": [1.0], "values": [1]}}, ".features.keys[0]: expected an integer from 0 to 3, got 1.0"),
        ({"features": {"keys": [1, 1], "values": [1, 2]}}, ".features.keys: a key occurs twice"),
        ({"features": {"keys": [1, 2], "values": [1]}}, ".features: expected as many keys as values, in two lists"),
        ({"features": {"keys": [], "shape": [], "values": [1]}}, ".features.values: expected 4 features, got 1"),
        ({"features": {"keys": [1], "shape": [5], "values": [1]}}, ".features.shape: expected [4], got [5]"),
        ({"data": [1, 2, 3, 4]}, ': expected {"features": [...]} or'),
        ([1, 2, 3, 4], ': expected {"features": [...]} or'),
    ],
)
def test_a_bad_instance_is_named(instance, message):
    good = {"features": [1, 2, 3, 4]}

    with pytest.raises(UserError) as error:
        jsons.decode_json(as_json(good, good, instance), "request", FOUR)
    assert str(error.value).startswith(f"request, instances[2]{message}")

    with pytest.raises(UserError) as error:
        jsons.decode_jsonlines(as_jsonlines(good, instance), "request", FOUR)
    assert str(error.value).startswith(f"request, line 2{message}")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"instances": []}', b'{"instances": 3}', b"null"])
def test_no_instances(body):
    with pytest.raises(UserError, match="request: "):
        jsons.decode_json(body, "request", FOUR)


def test_no_lines():
    with pytest.raises(UserError, match="request: expected at least one instance, got none"):
        jsons.decode_jsonlines(b"\n \n", "request", FOUR)


def test_text_that_is_not_json():
    with pytest.raises(UserError, match=r"request: not JSON: .*line 1 column"):
        jsons.decode_json(b'{"instances":[{"features":[NaN,1,2,3]}]}', "request", FOUR)
    with pytest.raises(UserError, match="request, line 2: not JSON"):
        jsons.decode_jsonlines(b'{"features":[1,2,3,4]}\n{"features"', "request", FOUR)

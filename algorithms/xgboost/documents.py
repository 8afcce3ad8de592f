"""Whether a JSON or UBJSON document is a whole model, checked before the library reads it.

Given a damaged one xgboost 3.2 may end the process where a server has to answer with an error: of one UBJSON file, cut at 150
places, ten cuts crashed it. Source of the formats: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html and
https://ubjson.org
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

#: Marker of a number to its numpy type, big-endian.
NUMBERS = {
    marker: np.dtype(name) for marker, name in zip("iUIlLdD", (">i1", ">u1", ">i2", ">i4", ">i8", ">f4", ">f8"), strict=True)
}
CONSTANTS = {"T": True, "F": False, "Z": None}
#: Levels of nesting; models have about ten.
DEEPEST = 32


def check(data: bytes) -> None:
    """Raise `ValueError`, saying why, unless the data are a model that the library can be trusted to read."""
    try:
        document = orjson.loads(data) if data[1:2] in (b'"', b" ", b"\n", b"\r", b"\t") else _Ubjson(data).document()
        learner = document["learner"]
        features = int(learner["learner_model_param"]["num_feature"])
        booster = learner["gradient_booster"]
        model = booster.get("gbtree", booster)["model"]
        if "trees" in model:
            _check_trees(model, features)
            if len(booster.get("weight_drop", model["trees"])) != len(model["trees"]):
                raise ValueError("weight_drop does not have an entry a tree")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a part is missing or of another kind: {error}") from error


def _check_trees(model: dict[str, Any], features: int) -> None:
    trees = model["trees"]
    if len(model["tree_info"]) != len(trees):
        raise ValueError(f"tree_info has {len(model['tree_info'])} entries for {len(trees)} trees")
    for index, tree in enumerate(trees):
        left, right, split = (_integers(tree[name]) for name in ("left_children", "right_children", "split_indices"))
        inner = left >= 0  # the others are leaves, or deleted
        children = np.concatenate([left[inner], right[inner]])
        count = int(tree["tree_param"]["num_nodes"])
        if not 0 < len(left) == len(right) == len(split) == len(tree["split_conditions"]) == count:
            raise ValueError(f"tree {index} has lists of several lengths")
        if (children <= 0).any() or (children >= count).any() or (split[inner] >= features).any() or (split[inner] < 0).any():
            raise ValueError(f"tree {index} refers to a node or a feature that there is not")
        if (np.bincount(children, minlength=1) > 1).any():
            raise ValueError(f"tree {index} is no tree: a node has two parents")


def _integers(values: Any) -> NDArray[np.int64]:
    return np.asarray(values).astype(np.int64)


class _Ubjson:
    """Reads UBJSON as xgboost writes it; every step is inside the data, or a `ValueError`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def document(self) -> Any:
        value = self._value(self._marker(), DEEPEST)
        if self._at != len(self._data):
            raise ValueError(f"something follows the model, from byte {self._at}")
        return value

    def _value(self, marker: str, levels: int) -> Any:
        if not levels:
            raise ValueError("it is nested too deeply")
        if marker in NUMBERS:
            return self._numbers(marker, 1)[0]
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        if marker == "S":
            return self._text(self._marker())
        if marker == "C":
            return self._take(1)
        if marker == "{":
            members = {}
            while (key := self._marker()) != "}":
                name = self._text(key)
                members[name] = self._value(self._marker(), levels - 1)
            return members
        if marker == "[":
            return self._array(levels)
        raise ValueError(f"an unknown marker {marker!r} at byte {self._at - 1}")

    def _array(self, levels: int) -> Any:
        marker = self._marker()
        if marker == "$":
            kind, mark = self._marker(), self._marker()
            if mark != "#" or kind not in NUMBERS:
                raise ValueError(f"an array of an unknown kind at byte {self._at - 1}")
            return self._numbers(kind, self._length(self._marker()))
        if marker == "#":
            return [self._value(self._marker(), levels - 1) for _ in range(self._length(self._marker()))]
        values = []
        while marker != "]":
            values.append(self._value(marker, levels - 1))
            marker = self._marker()
        return values

    def _numbers(self, marker: str, count: int) -> NDArray[Any]:
        dtype = NUMBERS[marker]
        return np.frombuffer(self._take(count * dtype.itemsize), dtype)

    def _length(self, marker: str) -> int:
        if marker != "L":
            raise ValueError(f"a length is expected at byte {self._at - 1}")
        return int(struct.unpack(">q", self._take(8))[0])

    def _text(self, marker: str) -> str:
        return self._take(self._length(marker)).decode()

    def _marker(self) -> str:
        return chr(self._take(1)[0])

    def _take(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        if not start <= self._at <= len(self._data):
            raise ValueError(f"it ends in the middle, at byte {len(self._data)}")
        return self._data[start : self._at]

"""The binary format that xgboost saved models in until release 2.0, as the document that today's releases read.

The library itself stopped reading it in 3.1. AWS's images 1.3 to 1.7 leave it behind as ``xgboost-model``, and pickles of
earlier ones hold it. The layout is that of xgboost's sources (``src/learner.cc``, ``src/gbm/gbtree_model.h`` and
``include/xgboost/tree_model.h`` of 1.7.6, and of 0.90 for what is older): little-endian structs, one after another.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

MAGIC = b"binf"  # not written before 1.2

LEARNER = np.dtype(
    [
        ("base_score", "<f4"),
        ("num_feature", "<u4"),
        ("num_class", "<i4"),
        ("has_attributes", "<i4"),
        ("has_metrics", "<i4"),
        ("major", "<u4"),
        ("minor", "<u4"),
        ("num_target", "<u4"),
        ("reserved", "V104"),
    ]
)
TREES = np.dtype([("num_trees", "<i4"), ("num_parallel_tree", "<i4"), ("reserved", "V152")])
TREE = np.dtype([("num_roots", "<i4"), ("num_nodes", "<i4"), ("num_deleted", "<i4"), ("reserved", "V136")])
NODE = np.dtype([("parent", "<u4"), ("left", "<i4"), ("right", "<i4"), ("split", "<u4"), ("value", "<f4")])
STATISTICS = np.dtype([("loss_change", "<f4"), ("sum_hessian", "<f4"), ("base_weight", "<f4"), ("leaf_children", "<i4")])
LINEAR_BYTES = 136

#: The highest bit of `parent` says whether the node is a left child, that of `split` where missing values go.
HIGHEST = 1 << 31
BOOSTERS = ("gbtree", "dart", "gblinear")
#: Attributes in which the format hides what is no attribute.
INTERNAL = ("objective", "metrics", "count_poisson_max_delta_step")

#: Objectives whose base score is a prediction today, and was saved as a margin before 1.0.
LOGISTIC = ("binary:logistic", "reg:logistic")
EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox")


class Reader:
    """Takes values from the front of a buffer; raises `ValueError` where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def array(self, dtype: Any, count: int) -> NDArray[Any]:
        dtype = np.dtype(dtype)
        if not 0 <= count * dtype.itemsize <= len(self._data) - self._at:
            raise ValueError(f"it ends in the middle, at byte {len(self._data)}")
        values = np.frombuffer(self._data, dtype, count, self._at)
        self._at += values.nbytes
        return values

    def struct(self, dtype: np.dtype[Any]) -> Any:
        return self.array(dtype, 1)[0]

    def size(self) -> int:
        return int(self.array("<u8", 1)[0])

    def text(self) -> str:
        return self.array("u1", self.size()).tobytes().decode()


def recognized(data: bytes) -> bool:
    """Whether this begins as the binary format does; a few hundred bytes are enough."""
    reader = Reader(data.removeprefix(MAGIC))
    try:
        reader.struct(LEARNER)
        objective, booster = reader.text(), reader.text()
    except ValueError:
        return False
    return objective.isprintable() and booster in BOOSTERS


def document(data: bytes) -> bytes:
    """The model as JSON, for `Booster.load_model`.

    Raises
    ------
    ValueError
        The data are damaged.
    """
    reader = Reader(data.removeprefix(MAGIC))
    learner = reader.struct(LEARNER)
    objective, booster = reader.text(), reader.text()
    if booster == "gblinear":
        reader.array("u1", LINEAR_BYTES)
        model: dict[str, Any] = {"model": {"weights": reader.array("<f4", reader.size())}}
    else:
        model = {"model": _trees(reader, int(learner["num_feature"])), "name": "gbtree"}
        if booster == "dart":
            model = {"gbtree": model, "weight_drop": reader.array("<f4", reader.size())}
    pairs = reader.size() if learner["has_attributes"] else 0
    attributes = {reader.text(): reader.text() for _ in range(pairs)}
    parameters = {
        "base_score": f"{_base_score(learner, objective):.9g}",
        "num_class": str(learner["num_class"]),
        "num_feature": str(learner["num_feature"]),
        "num_target": str(max(1, learner["num_target"])),
    }
    kept = {name: value for name, value in attributes.items() if name not in INTERNAL and not name.startswith("SAVED_PARAM_")}
    content = {
        "learner": {
            "attributes": kept,
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {**model, "name": booster},
            "learner_model_param": parameters,
            "objective": orjson.loads(attributes.get("objective") or _objective(objective, parameters)),
        },
        "version": [1, 7, 6],  # the release whose documents look like this
    }
    return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


def _trees(reader: Reader, features: int) -> dict[str, Any]:
    header = reader.struct(TREES)
    trees = [_tree(reader, index, features) for index in range(header["num_trees"])]
    parameters = {"num_trees": len(trees), "num_parallel_tree": max(1, header["num_parallel_tree"]), "size_leaf_vector": 0}
    return {
        "gbtree_model_param": {name: str(value) for name, value in parameters.items()},
        "tree_info": reader.array("<i4", len(trees)),
        "trees": trees,
    }


def _tree(reader: Reader, index: int, features: int) -> dict[str, Any]:
    header = reader.struct(TREE)
    count = int(header["num_nodes"])
    nodes, statistics = reader.array(NODE, count), reader.array(STATISTICS, count)
    left, right, split = (np.ascontiguousarray(nodes[name]) for name in ("left", "right", "split"))
    return {
        "base_weights": np.ascontiguousarray(statistics["base_weight"]),
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "default_left": (split // HIGHEST).astype(np.uint8),
        "id": index,
        "left_children": left,
        "loss_changes": np.ascontiguousarray(statistics["loss_change"]),
        "parents": (nodes["parent"] % HIGHEST).astype(np.int32),
        "right_children": right,
        "split_conditions": np.ascontiguousarray(nodes["value"]),
        "split_indices": (split % HIGHEST).astype(np.int32),
        "split_type": np.zeros(count, np.uint8),
        "sum_hessian": np.ascontiguousarray(statistics["sum_hessian"]),
        "tree_param": {
            "num_deleted": str(header["num_deleted"]),
            "num_feature": str(features),
            "num_nodes": str(count),
            "size_leaf_vector": "0",
        },
    }


def _base_score(learner: Any, objective: str) -> float:
    """The base score as today's releases take it."""
    score, release = float(learner["base_score"]), (int(learner["major"]), int(learner["minor"]))
    if release < (1, 0) and objective in LOGISTIC:
        return 1 / (1 + math.exp(-score))
    if release < (1, 0) and objective in EXPONENTIAL:
        return math.exp(score)
    if (1, 0) <= release < (1, 3) and objective == "binary:logitraw":  # a probability in these, a margin before and after
        return math.log(score / (1 - score))
    return score


def _objective(name: str, parameters: dict[str, str]) -> bytes:
    """The library's own description of an objective: before 1.0 the format held its name alone."""
    from xgboost import Booster

    options = {"num_class": parameters["num_class"]} if name.startswith("multi:") else {}
    configuration = Booster({"objective": name, "num_feature": parameters["num_feature"], **options}).save_config()
    return orjson.dumps(orjson.loads(configuration)["learner"]["objective"])

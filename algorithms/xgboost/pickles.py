"""Pickled boosters, as AWS's images before 1.3 saved them, read without running what a pickle can run.

A pickle may name any function for the reader to call. Here the few names that a pickled `Booster` consists of stand for
harmless parts of our own, and every other name is refused.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import orjson

#: Pickles begin so: by protocol 2 and later, or by an older one.
BEGINNINGS = (b"\x80", b"ccopy_reg\n", b"ccopyreg\n")
#: In front of the binary model in what xgboost 1.0 to 1.2 pickled: this, and the length of the model in eight bytes.
OFFSET = b"CONFIG-offset:"
#: The key `Model` in UBJSON: its length and its letters.
UBJSON_KEY = b"L" + len(b"Model").to_bytes(8, "big") + b"Model"


class Pickled:
    """What remains of a `Booster`: its attributes, of which `handle` is the model."""


def _encoded(text: str, encoding: str) -> bytes:
    """`codecs.encode` as pickle's protocol 2 uses it for bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"an encoding that no Booster uses: {encoding!r}")
    return text.encode("latin1")


def _instance(kind: type, base: type, state: object) -> object:
    """`copyreg._reconstructor`, which makes objects in protocols 0 and 1."""
    return kind()


ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("xgboost.core", "Booster"): Pickled,
    ("copy_reg", "_reconstructor"): _instance,
    ("copyreg", "_reconstructor"): _instance,
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("__builtin__", "bytearray"): bytearray,
    ("builtins", "bytearray"): bytearray,
    ("_codecs", "encode"): _encoded,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"expected a pickled xgboost.core.Booster, and in it no {module}.{name}") from None


def unpickle(data: bytes) -> tuple[bytes, int | None]:
    """The model inside a pickled `Booster`, in one of the formats xgboost has saved models in, and its `best_ntree_limit`.

    Raises
    ------
    ValueError
        The data are damaged, or a pickle of something else.
    """
    try:
        state = vars(_Unpickler(io.BytesIO(data)).load())
        limit = state.get("best_ntree_limit")
        return _without_configuration(bytes(state["handle"])), limit if isinstance(limit, int) else None
    except Exception as error:  # a damaged one raises whatever the unpickler stumbles over
        raise ValueError(f"not a pickled Booster: {error}") from error


def _without_configuration(data: bytes) -> bytes:
    """A pickle holds the configuration of the training, too: threads and devices that are not here."""
    if data.startswith(OFFSET):  # 1.0 to 1.2
        start = len(OFFSET) + 8
        return data[start : start + int.from_bytes(data[len(OFFSET) : start], "little")]
    if data.startswith(b'{"'):  # 1.3 to 1.5: JSON
        return orjson.dumps(orjson.loads(data)["Model"])
    if data.startswith(b"{"):  # UBJSON, an object of two, the model the second of them
        return data[data.find(UBJSON_KEY) + len(UBJSON_KEY) : -1]
    return data

"""JSON and JSON Lines requests in every shape AWS documents; labels and other keys beside the features are ignored.

An instance is ``{"features": F}`` or ``{"data": {"features": F}}``; F is a list of numbers, ``{"values": [...]}``, or sparse
``{"keys": [...], "shape": [d], "values": [...]}``. Dense and sparse instances may be mixed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from containers.batch import Batch
from containers.content.layout import Layout, plural, shown
from containers.errors import UserError

NUMBERS = frozenset({int, float})


def decode_json(body: bytes, source: str, layout: Layout) -> Batch:
    """Decode ``{"instances": [...]}``; `layout.features` must be known.

    Raises
    ------
    UserError
        Not JSON, another shape, a value that is not a number, another width; names it as ``instances[3].features[4]``.
    """
    document = _parse(body, source)
    instances = document.get("instances") if isinstance(document, dict) else None
    if not isinstance(instances, list) or not instances:
        raise UserError(f'{source}: expected {{"instances": [...]}} with at least one instance')
    return _batch([(f"{source}, instances[{index}]", instance) for index, instance in enumerate(instances)], layout)


def decode_jsonlines(body: bytes, source: str, layout: Layout) -> Batch:
    """Decode one instance a line, blank lines skipped; `layout.features` must be known.

    Raises
    ------
    UserError
        As `decode_json`; names the line, from 1.
    """
    lines = [(f"{source}, line {number}", line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]
    if not lines:
        raise UserError(f"{source}: expected at least one instance, got none")
    return _batch([(where, _parse(line, where)) for where, line in lines], layout)


def _parse(text: bytes, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON: {error}") from None


def _batch(instances: Sequence[tuple[str, Any]], layout: Layout) -> Batch:
    """Rows of pairs of a place and an instance; dense where every instance is, otherwise sparse."""
    width = layout.features
    if width is None:
        raise ValueError("the width of JSON instances must be known")
    rows: list[Sequence[float]] = []
    keys: list[Sequence[int] | None] = []
    places: list[str] = []
    for where, instance in instances:
        features, place = _features(instance, where)
        row, row_keys = features, None
        if isinstance(features, dict):
            row, row_keys = _sparse(features, place, width)
            place += ".values"
        if not isinstance(row, list):
            raise UserError(f"{place}: expected a list of numbers, got {shown(row)}")
        if row_keys is None and len(row) != width:
            raise UserError(f"{place}: expected {plural(width, 'feature')}, got {len(row)}")
        if not NUMBERS.issuperset(map(type, row)):
            _check_types(row, place, layout)
        rows.append(row)
        keys.append(row_keys)
        places.append(place)
    with np.errstate(over="ignore"):
        values = np.array([value for row in rows for value in row], np.float32)
    if (unfit := layout.unfit(values)) is not None:
        ends = np.cumsum([len(row) for row in rows])
        at = int(np.searchsorted(ends, unfit, side="right"))
        index = unfit - int(ends[at]) + len(rows[at])
        raise UserError(f"{places[at]}[{index}]: expected {layout.value}, got {rows[at][index]!r}, too large for float32")
    if any(row_keys is not None for row_keys in keys):
        return Batch(_csr(rows, keys, values, width))
    return Batch(values.reshape(len(rows), width))


def _features(instance: Any, where: str) -> tuple[Any, str]:
    """The features of an instance, and what errors call them."""
    if isinstance(instance, dict):
        if "features" in instance:
            return instance["features"], f"{where}.features"
        data = instance.get("data")
        if isinstance(data, dict) and "features" in data:
            return data["features"], f"{where}.data.features"
    raise UserError(f'{where}: expected {{"features": [...]}} or {{"data": {{"features": {{...}}}}}}, got {shown(instance)}')


def _sparse(features: dict[str, Any], where: str, width: int) -> tuple[Any, Sequence[int] | None]:
    """Values and keys of ``{"values": ..., "keys": ..., "shape": ...}``; the keys are None where the values are dense."""
    values, keys, shape = features.get("values"), features.get("keys"), features.get("shape")
    if values:  # protobuf knows no null: in its equivalent in JSON an empty list is a field that is not set
        keys, shape = (None if field == [] else field for field in (keys, shape))
    if shape is not None and shape != [width]:
        raise UserError(f"{where}.shape: expected [{width}], got {shown(shape)}")
    if keys is None:
        return values, None
    if not isinstance(keys, list) or not isinstance(values, list) or len(keys) != len(values):
        raise UserError(f"{where}: expected as many keys as values, in two lists")
    for index, key in enumerate(keys):
        if type(key) is not int or not 0 <= key < width:
            raise UserError(f"{where}.keys[{index}]: expected an integer from 0 to {width - 1}, got {shown(key)}")
    if len(set(keys)) != len(keys):
        raise UserError(f"{where}.keys: a key occurs twice")
    return values, keys


def _check_types(row: Sequence[Any], place: str, layout: Layout) -> None:
    """Refuse what is not a number; ``null`` passes where values may be missing."""
    for index, value in enumerate(row):
        if type(value) not in NUMBERS and not (value is None and layout.missing):
            raise UserError(f"{place}[{index}]: expected {layout.value}, got {shown(value)}")


def _csr(rows: Sequence[Sequence[float]], keys: Sequence[Sequence[int] | None], values: NDArray[np.float32], width: int) -> Any:
    from scipy.sparse import csr_array

    every = range(width)
    indices = np.fromiter((key for row in keys for key in (every if row is None else row)), np.int32, len(values))
    starts = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return csr_array((values, indices, starts), shape=(len(rows), width))

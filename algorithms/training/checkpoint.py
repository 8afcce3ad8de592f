"""Checkpoints: one safetensors file, replaced as a whole, with what is not a tensor as JSON in its header."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

log = logging.getLogger(__name__)


def save(path: Path, tensors: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
    """Write a checkpoint; a reader sees the one before or this one, never a part."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        header = {"state": orjson.dumps(state, option=orjson.OPT_SERIALIZE_NUMPY).decode()}
        # np.ascontiguousarray would make vectors of scalars.
        save_file({name: np.asarray(value, order="C") for name, value in tensors.items()}, partial, metadata=header)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]] | None:
    """Tensors and state of a checkpoint, or None where there is none or none that can be read."""
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 not a mapping
            return tensors, orjson.loads(file.metadata()["state"])
    except (SafetensorError, OSError, KeyError, TypeError, orjson.JSONDecodeError) as error:
        log.warning("checkpoint %s cannot be read, starting anew: %s", path.name, error)
        return None

"""The files of a model directory, and a `Booster` from each: UBJSON, JSON, the binary format of old releases, and pickles."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from algorithms.xgboost import documents, legacy, pickles
from algorithms.xgboost.importing import import_xgboost
from containers.errors import UserError

if TYPE_CHECKING:
    from xgboost import Booster

log = logging.getLogger(__name__)

NAME = "xgboost-model"
#: What the SDK's local mode leaves beside a model.
ARCHIVES = ("model.tar.gz", "output.tar.gz")
ALLOW_PICKLE = "DRYDOCK_ALLOW_PICKLE"
#: Bytes of a file that tell what it is.
HEAD = 4096


def find(directory: Path, allow_pickle: bool) -> list[Path]:
    """The models of a directory: what is called ``xgboost-model...``, and whatever else at its top looks like a model.

    Sub-directories, dot files and the archives of the SDK's local mode are never looked at. Sorted by name, numbers by value.

    Raises
    ------
    UserError
        There is none.
    """
    models = []
    for path in sorted(directory.iterdir(), key=_order):
        if not path.is_file() or path.name.startswith(".") or path.name in ARCHIVES:
            continue
        if path.name.startswith(NAME) or _looks_like_a_model(path, allow_pickle):
            models.append(path)
        else:
            log.warning("%s: ignored, as it does not look like an XGBoost model", path)
    if not models:
        raise UserError(f"{directory}: no XGBoost model here: expected {NAME}, or another file that Booster.save_model wrote")
    return models


def _order(path: Path) -> list[str | int]:
    """`xgboost-model-10` comes after `xgboost-model-9`."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", path.name)]


def _looks_like_a_model(path: Path, allow_pickle: bool) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(pickles.BEGINNINGS):
        return allow_pickle
    return (head.startswith(b"{") and b"learner" in head) or legacy.recognized(head)


def load(path: Path, allow_pickle: bool) -> Booster:
    """The booster of a file.

    Raises
    ------
    UserError
        The file is damaged or no model, or a pickle where these are not allowed.
    """
    import_xgboost()
    from xgboost import Booster
    from xgboost.core import XGBoostError

    data = path.read_bytes()
    if data.startswith(pickles.BEGINNINGS) and not allow_pickle:
        raise UserError(f"{path}: a pickled model; set {ALLOW_PICKLE}=true to load it, or save it by Booster.save_model")
    booster, limit = Booster(), None
    try:
        if data.startswith(pickles.BEGINNINGS):
            data, limit = pickles.unpickle(data)
        if legacy.recognized(data):
            data = legacy.document(data)
        documents.check(data)
        booster.load_model(bytearray(data))
    except (XGBoostError, ValueError) as error:
        raise UserError(f"{path}: not readable as an XGBoost model: {_first_line(error)}") from error
    if limit is not None:
        booster.set_attr(best_ntree_limit=str(limit))
    return booster


def _first_line(error: Exception) -> str:
    """What the library says, without time, place and trace."""
    return re.sub(r"^\[[\d:]+\] \S+: ", "", str(error).strip().partition("\n")[0])

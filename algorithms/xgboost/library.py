"""xgboost as a guest: its messages become lines of our log, its errors ours, and whose fault they are is told."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import TextIOBase
from typing import Any

from algorithms.xgboost.importing import import_xgboost
from containers.errors import AlgorithmError, UserError

log = logging.getLogger(__name__)

#: Of data or hyperparameters that cannot be: words in xgboost's errors.
_USERS = re.compile(
    r"label|base_score|\bParameter\b|Invalid Input|Invalid Parameter|Unknown (objective|metric|tree updater)|AUC|relevance|"
    r"monotone constraint|num_class|[Uu]pdater|[Nn]ot (yet )?supported|[Oo]nly support|"
    r"contains `?inf|feature_names|[Qq]uery|[Gg]roup|weights|No more tree left",
)
#: Time, level and place in xgboost's source, before what is said.
_PLACE = re.compile(r"^\s*(\[[\d:]+\] )?((WARNING|INFO|DEBUG): )?(\S+:\d+: )?")
_CHECK = re.compile(r"^Check failed: [^:]*(: |$)")


@contextmanager
def speaking() -> Iterator[None]:
    """Inside the block xgboost's warnings and messages go to the log, each once, and its errors are told as ours.

    Raises
    ------
    UserError
        The data or the hyperparameters are at fault.
    AlgorithmError
        xgboost failed otherwise.
    """
    from xgboost.core import XGBoostError

    said: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if (text := _plain(str(message))) not in said:
            said.add(text)
            log.warning("xgboost: %s", text)

    with warnings.catch_warnings(), redirect_stdout(_Lines()):
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        try:
            yield
        except XGBoostError as error:
            raise explained(str(error)) from error


def explained(message: str) -> UserError | AlgorithmError:
    """xgboost's error without its stack trace, as the one whose fault it is."""
    text = _CHECK.sub("", _plain(message.partition("Stack trace")[0])) or _plain(message)
    return UserError(text) if _USERS.search(message.partition("Stack trace")[0]) else AlgorithmError(f"xgboost: {text}")


def require(device: str) -> None:
    """Refuse a device that is not there, as xgboost would work on the processor instead, at a warning.

    Raises
    ------
    UserError
        There is no GPU, or this xgboost cannot use one.
    """
    if device == "cpu":
        return
    import_xgboost()
    import xgboost

    built = xgboost.build_info().get("USE_CUDA")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = built and '"device":"cuda' in xgboost.Booster({"device": device}).save_config()
    if not found:
        reason = "there is none on this machine" if built else "this xgboost is built without CUDA"
        raise UserError(f"tree_method: 'gpu_hist' needs a GPU, and {reason}; expected 'hist', 'approx', 'exact' or 'auto'")


def _plain(message: str) -> str:
    """A message on one line, without what only xgboost's authors need."""
    return " ".join(_PLACE.sub("", message).split())


class _Lines(TextIOBase):
    """What xgboost prints where it is told to be talkative, line by line."""

    def write(self, text: str) -> int:
        for line in filter(None, map(_plain, text.splitlines())):
            log.info("xgboost: %s", line)
        return len(text)

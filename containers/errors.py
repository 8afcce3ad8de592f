"""The two kinds of error a container reports, and the words in which it reports them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DrydockError(Exception):
    """Base of every error that is reported in one line, without a trace."""

    #: The word in front of the reason, as AWS's containers write it.
    label = "AlgorithmError"
    #: Exit code of `train`.
    exit_code = 2


class UserError(DrydockError):
    """The data, the hyperparameters or the configuration are at fault; the message says what, where and what was expected."""

    label = "ClientError"
    exit_code = 1


class AlgorithmError(DrydockError):
    """We are at fault, or the machine is."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'loss'?)`` for the nearest of `known`, or an empty string."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""

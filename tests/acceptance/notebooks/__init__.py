"""The official example notebooks, as the table ``contract/notebooks.json`` beside the data tells of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.data import ROOT

TABLE = ROOT.parent / "contract" / "notebooks.json"


@dataclass(frozen=True)
class Run:
    """A training of a notebook, and the request that it sends to the model.

    Attributes
    ----------
    hyperparameters
        As they stand; a value may be words: what the SDK works out of the data.
    channels
        None of them where the notebook brings its model.
    content_type
        Of the channels; None where the notebook gives none.
    sharded
        Whether the files of the channels are shared out among the hosts.
    request
        As it stands; None where the notebook sends none.
    response_fields
        What the notebook reads of the answer, in the table's words.
    """

    title: str
    hyperparameters: Mapping[str, str]
    channels: tuple[str, ...]
    content_type: str | None
    sharded: bool
    request: Mapping[str, Any] | None
    accept: str | None
    response_fields: str


@dataclass(frozen=True)
class Prepared:
    """A run with invented data in the place of the notebook's.

    Attributes
    ----------
    body
        Of the request; None where the notebook sends none.
    check
        Asserts that an answer is what the notebook goes on with.
    content_type, accept
        Of the request, where the table does not say.
    """

    channels: Mapping[str, Path]
    hyperparameters: Mapping[str, Any]
    body: bytes | None
    check: Callable[[bytes], None]
    content_type: str | None = None
    accept: str | None = None


def runs(algorithm: str) -> Iterator[Run]:
    """All there are of an algorithm, by the table's name; none where there is no table."""
    if TABLE.exists():
        for entry in json.loads(TABLE.read_text())["notebooks"][algorithm]:
            yield from _of(entry)


def _of(entry: Mapping[str, Any]) -> Iterator[Run]:
    """What the notebook trains at first, what it trains then, and what its tuning job would."""
    request, declared = entry["request"], entry["content_types"]
    accept = entry.get("accept") or (request or {}).get("accept")
    first = Run(
        title=Path(entry["path"]).stem,
        hyperparameters=entry["hyperparameters"],
        channels=tuple(channel.split()[0] for channel in entry["channels"]),  # a remark may follow
        content_type=None if " " in declared or declared == "none" else declared,  # a remark says that there is none
        sharded="ShardedByS3Key" in declared,
        request=request,
        accept=next((word for word in (accept or "").split() if "/" in word), None),
        response_fields=json.dumps(entry["response_fields"]),
    )
    yield first
    for kind, more in (("second", entry.get("second_run")), ("tuning", _tuned(entry.get("tuning")))):
        if more:
            yield replace(first, title=f"{first.title}-{kind}", hyperparameters={**first.hyperparameters, **more})


def _tuned(tuning: Mapping[str, Any] | None) -> Mapping[str, str]:
    """What a tuning job gives to one of its trainings: values from the midst of their ranges, as decimal text."""
    if tuning is None:
        return {}
    values = {"_tuning_objective_metric": tuning["objective"]}
    for name, (low, high) in tuning.get("ranges", {}).items():
        middle = math.sqrt(low * high)
        values[name] = str(round(middle)) if isinstance(low, int) and isinstance(high, int) else f"{middle:.10f}"
    return values

"""Which labels an objective allows. The library itself refuses others only in training, without a word of where they are."""

from __future__ import annotations

from containers.content.layout import ANY, Range

_PROBABILITY, _BINARY, _COUNT = Range(0, 1), Range.classes(2), Range(0)

#: What is missing here allows any finite number; for survival:cox the negative ones are times of censoring.
ALLOWED = {
    "reg:squaredlogerror": Range(-1, above=True),
    "reg:logistic": _PROBABILITY,
    "reg:gamma": Range(0, above=True),
    "reg:tweedie": _COUNT,
    "binary:logistic": _PROBABILITY,
    "binary:logitraw": _PROBABILITY,
    "binary:hinge": _BINARY,
    "count:poisson": _COUNT,
    "rank:ndcg": Range.classes(32),  # gains are powers of two
    "rank:map": _BINARY,
    "survival:aft": _COUNT,  # logarithms of times
}


def allowed(objective: str, classes: int | None) -> Range:
    """The labels of an objective; `classes` is how many there are for ``multi:*``."""
    if objective.startswith("multi:"):
        return Range.classes(classes or 2)
    return ALLOWED.get(objective, ANY)

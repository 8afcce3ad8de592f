"""What is declared about one hyperparameter, and how the text that a job gives is read by it. No text is ever evaluated."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from containers.errors import did_you_mean

Auto = Literal["auto"]
AUTO: Auto = "auto"

Kind = Literal["integer", "float", "boolean", "categorical", "words", "integers", "groups"]
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
#: Python's tuples as JSON's lists, the comma of a tuple of one left out.
_BRACKETS = str.maketrans("()", "[]")
_LAST_COMMA = re.compile(r",\s*\]")


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is declared about one hyperparameter.

    Attributes
    ----------
    type
        ``words``, ``integers`` and ``groups`` are lists: ``rmse,error@0.7``, ``(0, 1, -1)`` and ``[[0, 1], [2, 3]]``.
    choices
        The words accepted: all values of a categorical one, all members of a list of words, words beside a number or a flag.
    forms
        Further members of a list of words: how they are shown, and the expression that all of one must match.
    min, max, exclusive_min, exclusive_max
        Bounds of a number, or of each in a list; None where there is none; whether the bound itself is excluded.
    applies
        When the value is used, such as ``optimizer=sgd``; empty for always.
    tune
        What a tuner may try: lowest and highest value of a number, the values of the others; None where it may not.
    aliases
        Other names under which it may be given.
    """

    name: str = ""
    type: Kind = "categorical"
    choices: tuple[str, ...] = ()
    forms: Mapping[str, str] = field(default_factory=dict)
    min: float | None = None
    max: float | None = None
    exclusive_min: bool = False
    exclusive_max: bool = False
    default: Any = None
    applies: str = ""
    tune: tuple[Any, ...] | None = None
    aliases: tuple[str, ...] = ()
    required: bool = False

    @property
    def auto(self) -> bool:
        """Whether ``auto`` is accepted."""
        return AUTO in self.choices

    @property
    def rule(self) -> str:
        """What is accepted, in words: ``an integer >= 1 or 'auto'``."""
        match self.type:
            case "categorical":
                return f"one of {', '.join(self.choices)}"
            case "words":
                return f"words separated by commas, each one of {', '.join([*self.choices, *self.forms])}"
            case "integers":
                return f"a list of integers{self._bounds}, as in (0, 1)"
            case "groups":
                return f"lists of integers{self._bounds}, as in [[0, 1], [2, 3]]"
        kinds = {"boolean": "true or false", "integer": f"an integer{self._bounds}", "float": f"a number{self._bounds}"}
        return " or ".join([kinds[self.type], *map(repr, self.choices)])

    @property
    def _bounds(self) -> str:
        low = f" {'>' if self.exclusive_min else '>='} {self.min:.15g}" if self.min is not None else ""
        high = f" {'<' if self.exclusive_max else '<='} {self.max:.15g}" if self.max is not None else ""
        return f"{low}{' and' if low and high else ''}{high}"

    def read(self, value: Any) -> Any:
        """The typed value of what a job gives: a plain or JSON-encoded string, or a value that has its type already.

        Raises
        ------
        ValueError
            The value breaks the rule; the message is the rule and the value.
        """
        text = unquote(value)
        result, hint = self._read(text), ""
        if result is None:
            wrong = [word for word in _split(text) if self._word(word) is None] if self.type == "words" else [text]
            hint = did_you_mean(wrong[0], self.choices) if wrong else ""
            shown = repr(value) if len(repr(value)) <= 60 else f"{value!r:.57}..."
            raise ValueError(f"expected {self.rule}, got {shown}{hint}")
        return result

    def _read(self, text: str) -> Any:
        """The value, or None where the text is none."""
        match self.type:
            case "words":
                return _all(self._word(word) for word in _split(text))
            case "integers":
                return self._integers(_nested(text, 1))
            case "groups":
                groups = _nested(text, 2)
                return _all(map(self._integers, groups)) if isinstance(groups, list) else None
        for choice in self.choices:
            if choice.lower() == text.lower():
                return choice
        if self.type == "boolean":
            return _FLAGS.get(text.lower())
        return None if self.type == "categorical" else self._number(text)

    def _word(self, text: str) -> str | None:
        known = (choice for choice in self.choices if choice.lower() == text.lower())
        return next(known, text if any(re.fullmatch(form, text, re.ASCII) for form in self.forms.values()) else None)

    def _integers(self, values: Any) -> tuple[int, ...] | None:
        if not isinstance(values, list):
            return None
        return _all(self._number(str(value)) if type(value) is int else None for value in values)

    def _number(self, text: str) -> float | int | None:
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        whole = self.type != "float"
        if not math.isfinite(value) or (whole and not value.is_integer()):
            return None
        if self.min is not None and (value < self.min or (self.exclusive_min and value == self.min)):
            return None
        if self.max is not None and (value > self.max or (self.exclusive_max and value == self.max)):
            return None
        if not whole:
            return value
        # Beyond 2**53 a float no longer holds every integer.
        return int(text) if text.lstrip("+-").isdigit() else int(value)


def unquote(value: Any) -> str:
    """The text of a value in either encoding: ``adam`` and ``"adam"`` are the same; what is no string yet becomes JSON."""
    text = value.strip() if isinstance(value, str) else json.dumps(value, default=str)
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def _split(text: str) -> list[str]:
    """Words of ``a,b``, or of a list in JSON or as Python writes it."""
    inner = text[1:-1] if text[:1] + text[-1:] in ("[]", "()") else text
    return [word.strip().strip("\"'") for word in inner.split(",")]


def _nested(text: str, depth: int) -> Any:
    """Lists that deep, of JSON or as Python writes them, the outer brackets as may be; None for what is none."""
    text = text.translate(_BRACKETS)
    opened = text[: len(text) - len(text.lstrip("[ \t"))].count("[")
    lacking = max(0, depth - opened)
    try:
        return json.loads("[" * lacking + _LAST_COMMA.sub("]", text) + "]" * lacking)
    except (ValueError, RecursionError):
        return None


def _all(values: Iterable[Any]) -> tuple[Any, ...] | None:
    """A tuple that holds something and no None, or None."""
    found = tuple(values)
    return found if found and None not in found else None

"""Hyperparameters: declared once, one line a field; read from the strings a job gives; all problems reported at once.

An algorithm subclasses `Hyperparameters` and makes its fields with `choice`, `number` and `flag`. The annotation says the type
and any words accepted beside it (``float | Auto``, ``float | Literal["auto", "balanced"]``); the maker says the rule.
`declared` lists both as data, for the README's table, the tuner's ranges and the test that every declared rule is enforced.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any, ClassVar, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticUndefined

from containers.errors import UserError, did_you_mean

Auto = Literal["auto"]
AUTO: Auto = "auto"

Kind = Literal["integer", "float", "boolean", "categorical"]
_REQUIRED: Any = PydanticUndefined
_KINDS: dict[type, Kind] = {int: "integer", float: "float", bool: "boolean", str: "categorical"}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is declared about one hyperparameter.

    Attributes
    ----------
    choices
        The words accepted: all values of a categorical one, the words beside a number or a flag otherwise.
    min, max, exclusive_min, exclusive_max
        Bounds of a number, None where there is none; whether the bound itself is excluded.
    applies
        When the value is used, such as ``optimizer=sgd``; empty for always.
    tune
        What a tuner may try: lowest and highest value of a number, the values of the others; None where it may not.
    """

    name: str = ""
    type: Kind = "categorical"
    choices: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    exclusive_min: bool = False
    exclusive_max: bool = False
    default: Any = None
    applies: str = ""
    tune: tuple[Any, ...] | None = None
    required: bool = False

    @property
    def auto(self) -> bool:
        """Whether ``auto`` is accepted."""
        return AUTO in self.choices

    @property
    def rule(self) -> str:
        """What is accepted, in words: ``an integer >= 1 or 'auto'``."""
        words = " or ".join(repr(word) for word in self.choices)
        if self.type == "categorical":
            return f"one of {', '.join(self.choices)}"
        if self.type == "boolean":
            return " or ".join(filter(None, ["true or false", words]))
        low = f" {'>' if self.exclusive_min else '>='} {self.min:.15g}" if self.min is not None else ""
        high = f" {'<' if self.exclusive_max else '<='} {self.max:.15g}" if self.max is not None else ""
        number = f"{'an integer' if self.type == 'integer' else 'a number'}{low}{' and' if low and high else ''}{high}"
        return " or ".join(filter(None, [number, words]))

    def read(self, value: Any) -> Any:
        """The typed value of what a job gives: a plain or JSON-encoded string, or a value that has its type already.

        Raises
        ------
        ValueError
            The value breaks the rule; the message is the rule and the value.
        """
        text = unquote(value)
        for choice in self.choices:
            if choice.lower() == text.lower():
                return choice
        result: Any = None
        if self.type == "boolean":
            result = _FLAGS.get(text.lower())
        elif self.type != "categorical":
            result = self._number(text)
        if result is None:
            shown = repr(value) if len(repr(value)) <= 60 else f"{value!r:.57}..."
            raise ValueError(f"expected {self.rule}, got {shown}{did_you_mean(text, self.choices)}")
        return result

    def _number(self, text: str) -> float | int | None:
        value = float(text) if _NUMBER.fullmatch(text) else math.nan
        if not math.isfinite(value) or (self.type == "integer" and not value.is_integer()):
            return None
        if self.min is not None and (value < self.min or (self.exclusive_min and value == self.min)):
            return None
        if self.max is not None and (value > self.max or (self.exclusive_max and value == self.max)):
            return None
        if self.type == "float":
            return value
        # Beyond 2**53 a float no longer holds every integer.
        return int(text) if text.lstrip("+-").isdigit() else int(value)


def unquote(value: Any) -> str:
    """The text of a value in either encoding: ``adam`` and ``"adam"`` are the same; what is no string yet becomes JSON."""
    text = value.strip() if isinstance(value, str) else json.dumps(value, default=str)
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def choice(*choices: str, default: Any = _REQUIRED, applies: str = "", tune: tuple[str, ...] | None = None) -> Any:
    """A field that takes one of some words; they compare without case. Without a default it is required."""
    return _field(Declaration(choices=choices, applies=applies, tune=tune), default)


def number(
    *,
    default: Any = _REQUIRED,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    applies: str = "",
    tune: tuple[float, float] | None = None,
) -> Any:
    """A field that takes a number within bounds: an integer where the annotation says int, a float otherwise."""
    low, high = (ge if gt is None else gt), (le if lt is None else lt)
    bounds = Declaration(min=low, max=high, exclusive_min=gt is not None, exclusive_max=lt is not None)
    return _field(replace(bounds, applies=applies, tune=tune), default)


def flag(*, default: Any = _REQUIRED, applies: str = "", tune: tuple[bool, ...] | None = None) -> Any:
    """A field that takes true or false, in any case, or 1 or 0."""
    return _field(Declaration(applies=applies, tune=tune), default)


def _field(declaration: Declaration, default: Any) -> Any:
    return Field(default=default, json_schema_extra={"declaration": declaration})  # type: ignore[dict-item]


class Hyperparameters(BaseModel):
    """Base of every algorithm's hyperparameters: frozen, and validated however it is made."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    _declared: ClassVar[dict[str, Declaration]] = {}
    _internal: dict[str, str] = PrivateAttr(default_factory=dict)
    _given: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def internal(self) -> dict[str, str]:
        """What the platform passes under names that begin with ``_``, as text."""
        return self._internal

    @property
    def given(self) -> frozenset[str]:
        """Names of the hyperparameters that the job sets, rather than leaving them at their defaults."""
        return self._given

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._declared = {name: _complete(name, field) for name, field in cls.model_fields.items()}

    @classmethod
    def declared(cls) -> list[Declaration]:
        """All hyperparameters, in the order in which they are declared."""
        return list(cls._declared.values())

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Read what a job gives.

        Raises
        ------
        UserError
            One line for every problem there is: ``epochs: expected an integer >= 1, got '-1'``.
        """
        parsed = cls.model_validate({name: value for name, value in raw.items() if not name.startswith("_")})
        parsed._given = frozenset(raw)
        parsed._internal.update({name: unquote(value) for name, value in raw.items() if name.startswith("_")})
        return parsed

    @classmethod
    def conflicts(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Rules between fields: yields the name at fault and what is wrong. An algorithm overrides it.

        Parameters
        ----------
        values
            The fields that are sound, defaults included; those that are not, or are required and missing, are absent.
        """
        return iter(())

    @model_validator(mode="before")
    @classmethod
    def _read(cls, raw: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, declaration in cls._declared.items():
            if name in raw:
                try:
                    values[name] = declaration.read(raw[name])
                except ValueError as error:
                    problems.append(f"{name}: {error}")
            elif declaration.required:
                problems.append(f"{name}: required, expected {declaration.rule}")
            else:
                values[name] = declaration.default
        problems += [
            f"{name}: unknown hyperparameter{did_you_mean(name, cls._declared)}" for name in raw if name not in cls._declared
        ]
        problems += [f"{name}: {problem}" for name, problem in cls.conflicts(values)]
        if problems:
            raise UserError("\n".join(problems))
        return values


def _complete(name: str, field: Any) -> Declaration:
    """Add to what the maker was told what the annotation and the default say."""
    declaration = (field.json_schema_extra or {}).get("declaration")
    if not isinstance(declaration, Declaration):
        raise TypeError(f"hyperparameter {name}: make the field with choice, number or flag")
    members = get_args(field.annotation) or (field.annotation,)
    types = [member for member in members if member in _KINDS]
    words = tuple(word for member in members for word in get_args(member))
    if len(types) != 1:
        raise TypeError(f"hyperparameter {name}: annotate it with one of int, float, bool or str, and words as Literal")
    required = field.is_required()
    if not required and field.default is None and NoneType not in members:
        raise TypeError(f"hyperparameter {name}: a default of None needs `| None`")
    return replace(
        declaration,
        name=name,
        type=_KINDS[types[0]],
        choices=declaration.choices or words,
        default=None if required else field.default,
        required=required,
    )

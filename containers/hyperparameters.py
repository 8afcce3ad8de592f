"""Hyperparameters: declared once, one line a field; read from the strings a job gives; all problems reported at once.

An algorithm subclasses `Hyperparameters` and makes its fields with `choice`, `number`, `flag`, `words`, `integers` and
`groups`. The annotation says the type and any words accepted beside it (``float | Auto``, ``float | Literal["auto",
"balanced"]``); the maker says the rule. `declared` lists both as data, for the README's table, the tuner's ranges and the test
that every declared rule is enforced. A field whose name is a word of Python's ends in an underscore: ``lambda_`` declares
``lambda``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import NoneType, UnionType
from typing import Any, ClassVar, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticUndefined

from containers.declaration import AUTO, Auto, Declaration, Kind, unquote
from containers.errors import UserError, did_you_mean

__all__ = [
    "AUTO",
    "Auto",
    "Declaration",
    "Hyperparameters",
    "choice",
    "flag",
    "groups",
    "integers",
    "number",
    "unquote",
    "words",
]

_REQUIRED: Any = PydanticUndefined
_KINDS: dict[type, Kind] = {int: "integer", float: "float", bool: "boolean", str: "categorical"}


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
    aliases: tuple[str, ...] = (),
) -> Any:
    """A field that takes a number within bounds: an integer where the annotation says int, a float otherwise."""
    low, high = (ge if gt is None else gt), (le if lt is None else lt)
    bounds = Declaration(min=low, max=high, exclusive_min=gt is not None, exclusive_max=lt is not None)
    return _field(replace(bounds, applies=applies, tune=tune, aliases=aliases), default)


def flag(*, default: Any = _REQUIRED, applies: str = "", tune: tuple[bool, ...] | None = None) -> Any:
    """A field that takes true or false, in any case, or 1 or 0."""
    return _field(Declaration(applies=applies, tune=tune), default)


def words(
    *choices: str, forms: Mapping[str, str] | None = None, default: tuple[str, ...] | None = None, applies: str = ""
) -> Any:
    """A field that takes a list of words; annotate it with ``tuple[str, ...]``.

    Parameters
    ----------
    forms
        Words beyond `choices`: how they are shown, such as ``error@t``, and the expression that all of such a word must match.
    """
    return _field(Declaration(type="words", choices=choices, forms=forms or {}, applies=applies), default)


def integers(*, ge: int | None = None, le: int | None = None, default: tuple[int, ...] | None = None, applies: str = "") -> Any:
    """A field that takes a list of integers within bounds; annotate it with ``tuple[int, ...]``."""
    return _field(Declaration(type="integers", min=ge, max=le, applies=applies), default)


def groups(*, ge: int | None = None, default: tuple[tuple[int, ...], ...] | None = None, applies: str = "") -> Any:
    """A field that takes lists of integers within bounds; annotate it with ``tuple[tuple[int, ...], ...]``."""
    return _field(Declaration(type="groups", min=ge, applies=applies), default)


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

    def __getitem__(self, name: str) -> Any:
        """A value by its declared name, also where that is a word of Python's, as ``lambda``."""
        return getattr(self, name if name in type(self).model_fields else f"{name}_")

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        declared = [_complete(name.removesuffix("_"), field) for name, field in cls.model_fields.items()]
        cls._declared = {declaration.name: declaration for declaration in declared}

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
        parsed._given = frozenset(cls._canonical(raw))
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
        problems = [
            f"{alias}: another name of {name}, which is given, too"
            for name, declaration in cls._declared.items()
            for alias in declaration.aliases
            if alias in raw and name in raw
        ]
        raw = cls._canonical(raw)
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
        return {name if name in cls.model_fields else f"{name}_": value for name, value in values.items()}

    @classmethod
    def _canonical(cls, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What is given, by its first name."""
        names = {alias: name for name, declaration in cls._declared.items() for alias in declaration.aliases}
        return {names.get(name, name): value for name, value in raw.items()}


def _complete(name: str, field: Any) -> Declaration:
    """Add to what the maker was told what the annotation and the default say."""
    declaration = (field.json_schema_extra or {}).get("declaration")
    if not isinstance(declaration, Declaration):
        raise TypeError(f"hyperparameter {name}: make the field with a maker, such as number")
    members = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    required = field.is_required()
    if not required and field.default is None and NoneType not in members:
        raise TypeError(f"hyperparameter {name}: a default of None needs `| None`")
    declaration = replace(declaration, name=name, default=None if required else field.default, required=required)
    if declaration.type in ("words", "integers", "groups"):
        return declaration
    types = [member for member in members if member in _KINDS]
    if len(types) != 1:
        raise TypeError(f"hyperparameter {name}: annotate it with one of int, float, bool or str, and words as Literal")
    beside = tuple(word for member in members for word in get_args(member))
    return replace(declaration, type=_KINDS[types[0]], choices=declaration.choices or beside)

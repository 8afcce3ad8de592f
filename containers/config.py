"""The JSON files of ``input/config``, checked for form. Files and keys that are not named here are ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.errors import UserError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is no such file.

    Raises
    ------
    UserError
        The file is no JSON object; the message names the file, and line and column where its form breaks.
    """
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise UserError(f"{path.name}: malformed JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path.name}: malformed JSON: {error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path.name}: expected a JSON object, got {type(value).__name__}")
    return value


class Section:
    """One object of a configuration file, whose values are asked for by key; null counts as absent.

    Parameters
    ----------
    where
        What errors call it, such as ``inputdataconfig.json: channel 'train'``.
    """

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, Mapping):
            raise UserError(f"{where}: expected a JSON object, got {values!r:.60}")
        self._values = values
        self._where = where

    def text(self, key: str, default: str = "") -> str:
        value = self._values.get(key)
        if value is None:
            return default
        if not isinstance(value, str):
            raise self._error(key, "a string", value)
        return value

    def choice(self, key: str, *choices: str) -> Any:
        """One of some words; the first where it is absent or empty."""
        value = self.text(key) or choices[0]
        if value not in choices:
            raise self._error(key, f"one of {', '.join(choices)}", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._error(key, "a list of strings", value)
        return tuple(value)

    def _error(self, key: str, expected: str, value: Any) -> UserError:
        return UserError(f"{self._where}: {key}: expected {expected}, got {value!r:.60}")


def checked_name(name: str, where: str) -> str:
    """The name itself, if it can be part of a path without leading elsewhere."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{where}: expected a name of letters, digits, '.', '_' and '-', got {name!r:.60}")
    return name

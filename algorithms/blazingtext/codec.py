"""Requests and responses, in AWS's shapes: JSON, JSON Lines, and plain text with an instance a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from algorithms.blazingtext.answers import Answers
from algorithms.blazingtext.data import SOURCE, TEXT
from containers.errors import UserError
from containers.media import CSV, JSON, JSONLINES, MediaType

DEFAULT_K = 1


@dataclass(frozen=True, slots=True)
class Request:
    """Instances, at least one.

    Attributes
    ----------
    sources
        Words or sentences, as they came.
    k
        Labels wanted of each, from 1.
    """

    sources: Sequence[str]
    k: Sequence[int]


class Codec:
    """See `containers.algorithm.Codec`."""

    accepts = (TEXT, CSV, JSON, JSONLINES)
    returns = (JSON, JSONLINES)
    in_kind = (JSON, JSONLINES)

    def decode(self, body: bytes, content_type: MediaType) -> Request:
        """The instances of a request.

        ``{"instances": ["...", ...], "configuration": {"k": 2}}`` or the bare array; ``{"source": "...", "k": 2}`` a line; or
        text. `k` is 1 where it is not given.

        Raises
        ------
        UserError
            Names the instance or line, what was expected there, and what was found.
        """
        if content_type.name == JSON:
            return _json(body)
        if content_type.name == JSONLINES:
            return _jsonlines(body)
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(f"request: expected UTF-8, got 0x{body[error.start]:02x} at byte {error.start + 1}") from None
        lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
        if not text.strip():
            raise _nothing()
        return Request(lines, [DEFAULT_K] * len(lines))

    def encode(self, answers: Answers, accept: MediaType) -> bytes:
        """A bare array, or one object a line, each line ended."""
        texts = answers.texts()
        return b"[%b]" % b",".join(texts) if accept.name == JSON else b"\n".join([*texts, b""])


def _json(body: bytes) -> Request:
    document = _parse(body, "request")
    k = DEFAULT_K
    if isinstance(document, dict):
        configuration = document.get("configuration") or {}
        if not isinstance(configuration, dict):
            raise UserError(f'request: configuration: expected an object such as {{"k": 2}}, got {configuration!r:.60}')
        k = _k(configuration, "request: configuration")
        document = document.get("instances")
    if not isinstance(document, list):
        raise UserError(f'request: expected {{"instances": ["...", ...]}}, got {body[:60].decode(errors="replace")!r}')
    if not document:
        raise _nothing()
    for number, instance in enumerate(document):
        if not isinstance(instance, str):
            raise UserError(f"request: instances[{number}]: expected a string, got {instance!r:.60}")
    return Request(document, [k] * len(document))


def _jsonlines(body: bytes) -> Request:
    sources, ks = [], []
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        where = f"request: line {number}"
        instance = _parse(line, where)
        source = instance.get(SOURCE) if isinstance(instance, dict) else None
        if not isinstance(source, str):
            raise UserError(f'{where}: expected {{"{SOURCE}": "..."}}, got {line[:60].decode(errors="replace")!r}')
        sources.append(source)
        ks.append(_k(instance, where))
    if not sources:
        raise _nothing()
    return Request(sources, ks)


def _parse(text: bytes, where: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{where}: not JSON: {error}") from None


def _k(values: dict[str, Any], where: str) -> int:
    k = values.get("k", DEFAULT_K)
    if type(k) is not int or k < 1:
        raise UserError(f"{where}: k: expected an integer >= 1, got {k!r:.60}")
    return k


def _nothing() -> UserError:
    return UserError("request: expected at least one instance, got none")

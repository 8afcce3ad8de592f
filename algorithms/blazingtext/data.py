"""Channels to text: plain lines as they come, augmented manifests as lines of labels and words."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from containers.algorithm import ChannelSpec
from containers.channels import Channel, Part
from containers.errors import UserError
from containers.media import CSV, JSONLINES, RECORDIO

TEXT = "text/plain"
#: Text is text, whatever it is called; JSON Lines are those of an augmented manifest, RecordIO is what it comes wrapped in.
CHANNELS = tuple(
    ChannelSpec(name, required=name == "train", content_types=(TEXT, CSV, JSONLINES, RECORDIO))
    for name in ("train", "validation")
)
#: The attributes of an augmented manifest.
SOURCE, LABEL = "source", "label"
#: What labels begin with in text.
PREFIX = "__label__"


def text(channel: Channel, reading: int) -> Iterator[Part]:
    """The text of a channel, opened for the `reading`-th time, counted from 0.

    Raises
    ------
    UserError
        Names the file, and the line or record of an augmented manifest that is not one.
    """
    spec = next(spec for spec in CHANNELS if spec.name == channel.name)
    parts = channel.open(reading)
    media = channel.media(spec).name
    if channel.attributes and sorted(channel.attributes) != sorted((SOURCE, LABEL)):
        found = ", ".join(channel.attributes)
        raise UserError(f"channel {channel.name!r}: AttributeNames: expected {SOURCE} and {LABEL}, got {found}")
    if channel.attributes and channel.input_mode == "Pipe" and channel.record_wrapper == "RecordIO":
        return iter([Part(channel.name, _lines(_records(parts)))])
    if channel.attributes or media == JSONLINES:
        return (Part(part.name, _lines(_objects(part))) for part in parts)
    if media == RECORDIO:
        raise UserError(f"channel {channel.name!r}: {media} is read with AttributeNames {SOURCE}, {LABEL} in Pipe mode only")
    return parts


def _objects(part: Part) -> Iterator[tuple[str, Any, Any]]:
    """Place, source and label of each line of JSON."""
    with part:
        for number, line in enumerate(part.stream, 1):
            where = f"{part.name} line {number}"
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise UserError(f"{where}: not JSON: {error}") from None
            if not isinstance(entry, dict) or SOURCE not in entry or LABEL not in entry:
                raise UserError(f'{where}: expected {{"{SOURCE}": "text", "{LABEL}": 1}}, got {line.strip().decode()[:80]}')
            yield where, entry[SOURCE], entry[LABEL]


def _records(parts: Iterable[Part]) -> Iterator[tuple[str, Any, Any]]:
    """Place, source and label of each pair of records, in whatever order the attributes come."""
    pair: dict[str | None, Any] = {}
    for part in parts:
        with part:
            value = part.stream.read()
        try:
            content = value.decode()
        except UnicodeDecodeError as error:
            raise UserError(f"{part.name}: expected UTF-8, got 0x{value[error.start]:02x} at byte {error.start + 1}") from None
        pair[part.attribute] = content if part.attribute == SOURCE else _label(content)
        if len(pair) == 2:
            yield part.name, pair[SOURCE], pair[LABEL]
            pair = {}
    if pair:
        raise UserError(f"{part.name}: the data end between the attributes {SOURCE} and {LABEL} of an example")


def _label(content: str) -> Any:
    """A label as its record holds it: JSON, or a bare word."""
    try:
        return json.loads(content)
    except ValueError:
        return content


def _lines(examples: Iterable[tuple[str, Any, Any]]) -> BinaryIO:
    return io.BufferedReader(_Lines(examples), 1 << 18)


class _Lines(io.RawIOBase):
    """Examples as lines of text: ``__label__1 __label__3 the words of the source``."""

    def __init__(self, examples: Iterable[tuple[str, Any, Any]]) -> None:
        self._lines = (_line(*example) for example in examples)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._lines, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _line(where: str, source: Any, label: Any) -> bytes:
    if not isinstance(source, str):
        raise UserError(f"{where}: {SOURCE}: expected a string, got {source!r:.60}")
    labels = label if isinstance(label, list) else [label]
    words = [_word(where, each) for each in labels]
    if not words:
        raise UserError(f"{where}: {LABEL}: expected at least one label, got none")
    return " ".join([*words, source.replace("\n", " ")]).encode() + b"\n"


def _word(where: str, label: Any) -> str:
    """The word that stands for a label in text."""
    name = str(label) if isinstance(label, str | int) and not isinstance(label, bool) else ""
    if not name or any(character.isspace() for character in name):
        raise UserError(f"{where}: {LABEL}: expected an integer, a word or a list of them, got {label!r:.60}")
    return name if name.startswith(PREFIX) else PREFIX + name

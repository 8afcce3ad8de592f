"""One stretch of a channel's data."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self


@dataclass(frozen=True, slots=True)
class Part:
    """A file, a pipe, or one wrapped record of either; a context manager that closes the stream.

    Attributes
    ----------
    name
        What errors call it: ``train/2024/a.csv``, ``train_0``, ``train_0 record 3``.
    stream
        Plain data: compression and wrapper are undone.
    attribute
        With an augmented manifest, the attribute whose value this is.
    """

    name: str
    stream: BinaryIO
    attribute: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stream.close()

"""Parts of a channel made of bytes, and pipes that cannot seek."""

import io
from collections.abc import Iterator

import numpy as np

from containers.batch import Batch
from containers.channels import Part
from containers.content import tabular
from containers.media import MediaType


class Pipe(io.RawIOBase):
    """Gives its bytes a few at a time, and cannot seek."""

    def __init__(self, content: bytes, chunk: int = 7) -> None:
        self._stream = io.BytesIO(content)
        self._chunk = chunk

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._stream.readinto(memoryview(buffer)[: self._chunk])


def read(content_type: str, *contents: bytes, rows: int = 1000, **options: object) -> Iterator[Batch]:
    """Decode files named a, b, c... of the channel `train`."""
    parts = [Part(f"train/{name}", io.BytesIO(content)) for name, content in zip("abcdef", contents, strict=False)]
    return tabular.read(parts, MediaType.parse(content_type), rows=rows, **options)


def read_one(content_type: str, *contents: bytes, **options: object) -> Batch:
    (batch,) = read(content_type, *contents, **options)
    return batch


def dense(batch: Batch) -> list[list[float]]:
    return (batch.features.toarray() if batch.is_sparse else np.asarray(batch.features)).tolist()

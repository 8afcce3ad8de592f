"""Reading records from streams, files and directories."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from recordio.batch import RecordBatch, concatenate
from recordio.decoding import Decoder, parse
from recordio.errors import RecordIOError
from recordio.framing import Readable, scan


def read_messages(stream: Readable) -> Iterator[Any]:
    """The records of a stream as `recordio.record_pb2.Record` messages, for data that are no table.

    Raises
    ------
    RecordIOError
        The stream is damaged, or a payload is no `Record`.
    """
    for frames in scan(stream):
        for row in range(len(frames)):
            yield parse(frames, row)


def read_batches(stream: Readable, rows: int) -> Iterator[RecordBatch]:
    """The records of a stream as arrays, `rows` of them at a time; the last batch may have fewer.

    Memory stays bounded by one batch.

    Parameters
    ----------
    stream
        Any blocking binary stream, a pipe included; it is read to its end and not closed.
    rows
        At least 1.

    Raises
    ------
    RecordIOError
        The stream is damaged, or a record is not a row like the first one; names the record and its byte offset.
    """
    if rows < 1:
        raise ValueError(f"rows: expected at least 1, got {rows}")
    decoder = Decoder()
    parts: list[RecordBatch] = []
    missing = rows
    for frames in scan(stream):
        while len(frames):
            part = decoder.decode(frames[:missing])
            frames = frames[missing:]
            parts.append(part)
            missing -= len(part)
            if not missing:
                yield concatenate(parts)
                parts, missing = [], rows
    if parts:
        yield concatenate(parts)


def read(source: str | os.PathLike[str] | Readable) -> RecordBatch:
    """All records of a stream, a file, or a directory of files.

    In a directory, the files are read in the order of their paths, those in folders included; names that begin with a dot
    or an underscore are skipped. An empty source gives an empty batch.

    Raises
    ------
    RecordIOError
        As `read_batches`; names the file too.
    OSError
        A file cannot be read.
    """
    decoder = Decoder()
    if not isinstance(source, str | os.PathLike):
        return concatenate([decoder.decode(frames) for frames in scan(source)])
    path = Path(source)
    parts: list[RecordBatch] = []
    for file in _files(path) if path.is_dir() else [path]:
        try:
            with file.open("rb") as stream:
                parts.extend(decoder.decode(frames) for frames in scan(stream))
        except RecordIOError as error:
            raise RecordIOError(error.problem, error.record, error.offset, source=str(file)) from None
    return concatenate(parts)


def _files(directory: Path) -> list[Path]:
    files = [path.relative_to(directory) for path in directory.rglob("*") if path.is_file()]
    return [directory / path for path in sorted(files) if not any(part.startswith((".", "_")) for part in path.parts)]


def decode(body: bytes) -> RecordBatch:
    """The records in `body`; as `read`."""
    return read(io.BytesIO(body))

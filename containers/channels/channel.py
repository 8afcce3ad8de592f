"""A channel of a training job."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import BinaryIO, Literal

from containers.algorithm import ChannelSpec, InputMode
from containers.channels.fifo import open_fifo
from containers.channels.files import find
from containers.channels.part import Part
from containers.channels.unwrap import MAGIC, frames, gunzip, is_nested, peek
from containers.errors import UserError
from containers.media import RECORDIO, MediaType
from containers.stop import Stop

#: The type of data about which neither the job nor the algorithm says anything.
OCTETS = "application/octet-stream"
Distribution = Literal["FullyReplicated", "ShardedByS3Key"]


@dataclass(frozen=True)
class Channel:
    """One named input, read as often as there are epochs.

    Attributes
    ----------
    path
        Directory or file of the data; in Pipe mode the stem, to which the FIFOs add ``_0``, ``_1``, ….
    content_type
        As the job gives it; None where it gives none.
    default_type
        What the algorithm assumes then.
    distribution
        Whether every host has all the data, or its own part already (``ShardedByS3Key``).
    record_wrapper
        With ``RecordIO`` the platform sends each object as one RecordIO frame; it does so in Pipe mode only.
    compression
        With ``Gzip`` all data are compressed; otherwise only files named ``*.gz`` are.
    attributes
        With an augmented manifest, the attributes whose values follow each other, one frame each.
    """

    name: str
    path: Path
    content_type: MediaType | None = None
    default_type: MediaType | None = None
    input_mode: InputMode = "File"
    distribution: Distribution = "FullyReplicated"
    record_wrapper: Literal["None", "RecordIO"] = "None"
    compression: Literal["None", "Gzip"] = "None"
    attributes: tuple[str, ...] = ()
    stop: Event = field(default_factory=Stop, repr=False, compare=False)

    @property
    def is_sharded(self) -> bool:
        return self.distribution == "ShardedByS3Key"

    def media(self, spec: ChannelSpec) -> MediaType:
        """The media type of the data: what the job says, else what the algorithm assumes.

        Raises
        ------
        UserError
            The algorithm does not read that type; the message lists those it does.
        """
        accepted = [MediaType.parse(text).name for text in spec.content_types] or [OCTETS]
        media = self.content_type or MediaType(accepted[0])
        if spec.content_types and media.name not in accepted:
            raise UserError(f"channel {self.name!r}: content type {media.name!r} is not read; expected {', '.join(accepted)}")
        return media

    def open(self, epoch: int) -> Iterator[Part]:
        """The data of one epoch, part by part. A part is closed when the next one is asked for.

        Raises
        ------
        UserError
            There are no data, or what is around them is broken.
        Stopped
            The job was told to stop while a pipe was waited for.
        """
        if self.input_mode == "Pipe":
            path = self.path.with_name(f"{self.path.name}_{epoch}")
            yield from self._unwrap(path.name, open_fifo(path, self.stop), self.compression == "Gzip")
            return
        files = find(self.path)
        if not files and not self.is_sharded:
            raise UserError(f"channel {self.name!r}: there are no files in it")
        for relative, path in files:
            name = f"{self.name}/{relative}"
            try:
                stream = path.open("rb")
            except OSError as error:
                raise UserError(f"{name}: cannot be read: {error.strerror}") from error
            yield from self._unwrap(name, stream, self.compression == "Gzip" or path.suffix == ".gz")

    def _unwrap(self, name: str, stream: BinaryIO, compressed: bool) -> Iterator[Part]:
        stream = gunzip(name, stream) if compressed else stream
        wrapped = False
        if self.record_wrapper == "RecordIO":
            head, stream = peek(stream, 12)
            wrapped = self._is_wrapped(head)
        with stream:
            if not wrapped:
                yield Part(name, stream)
                return
            for number, payload in enumerate(frames(name, stream)):
                attribute = self.attributes[number % len(self.attributes)] if self.attributes else None
                yield Part(f"{name} record {number}", io.BytesIO(payload), attribute)

    def _is_wrapped(self, head: bytes) -> bool:
        """Whether the frames are a wrapper. Around raw records of RecordIO-protobuf they are the format itself."""
        if self.input_mode != "Pipe" and head[:4] != MAGIC:
            return False
        media = self.content_type or self.default_type
        # The values of an augmented manifest are not records, whatever the job calls them.
        return is_nested(head) if media is not None and media.name == RECORDIO and not self.attributes else True

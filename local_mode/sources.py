"""The data of a channel: a directory, a file or an S3 prefix, as a list of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from containers.channels import files
from containers.errors import UserError
from local_mode import s3

#: A file's name relative to the channel, and where it lies.
DataFile = tuple[str, Path]


def gather(channel: str, location: str | Path, downloads: Path) -> list[DataFile]:
    """The data files at a location, found and ordered as a container does; those in S3 are fetched into `downloads`.

    Raises
    ------
    UserError
        There is nothing at that place.
    """
    if s3.is_uri(location):
        return files.find(s3.download(str(location), downloads))
    path = Path(location).expanduser().absolute()
    if not path.exists():
        raise UserError(f"channel {channel}: there is no file or directory {str(location)!r}")
    return files.find(path)


def shard(channel: str, found: Sequence[DataFile], host: int, hosts: int) -> list[DataFile]:
    """Every `hosts`-th file, beginning with the `host`-th: what ``ShardedByS3Key`` gives one of several hosts."""
    if len(found) < hosts:
        raise UserError(f"channel {channel}: {len(found)} files cannot be shared out among {hosts} hosts; split them further")
    return list(found[host::hosts])


def require_alike(channels: Mapping[str, Sequence[DataFile]]) -> None:
    """Refuse a channel of which some files are gzip and some are not: a pipe is one or the other."""
    for channel, found in channels.items():
        if len({path.suffix == ".gz" for _, path in found}) > 1:
            raise UserError(f"channel {channel}: some of its files are gzip and some are not, which Pipe mode cannot mix")

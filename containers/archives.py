"""Archives that come from elsewhere, unpacked without trust."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import Path

from containers.errors import UserError

#: Bytes an archive may unpack to; the volume behind a SageMaker endpoint has 30 GB.
MAX_UNPACKED = 30 * 10**9


def unpack(archive: Path, directory: Path, limit: int = MAX_UNPACKED) -> None:
    """Unpack a tar archive: plain files and directories, all inside `directory`, `limit` bytes in all.

    Raises
    ------
    UserError
        It is no such archive, or holds a link, a device or a path that leads outside.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:*") as tar:
            room = limit
            for member in tar:
                if not (member.isreg() or member.isdir()):
                    raise UserError(f"{archive}: {member.name!r} is a link or a device; expected plain files only")
                room -= member.size
                if room < 0:
                    raise UserError(f"{archive}: unpacks to more than {limit:,} bytes")
                tar.extract(member, directory, filter="data")
            while tar.fileobj and tar.fileobj.read(1 << 20):  # gzip's checksum is verified at its very end
                pass
    except tarfile.FilterError as error:
        raise UserError(f"{archive}: {error}") from error
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UserError(f"{archive}: not a readable tar archive: {error}") from error

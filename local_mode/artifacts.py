"""Archives of what a job leaves behind: written whole or not at all, unpacked without trust."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from containers.errors import UserError
from local_mode import s3

#: Bytes a model may unpack to; the volume behind a SageMaker endpoint has 30 GB.
MAX_UNPACKED = 30 * 10**9


def pack(directories: Iterable[Path], archive: Path) -> None:
    """Write the files of several directories into one ``.tar.gz``; of equal names the first directory's is kept."""
    files: dict[str, Path] = {}
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                files.setdefault(path.relative_to(directory).as_posix(), path)
    with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
        for name, path in sorted(files.items()):
            tar.add(path, arcname=name, filter=_nobody)


def _nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def unpack(archive: Path, directory: Path, limit: int = MAX_UNPACKED) -> None:
    """Unpack a model archive: plain files and directories, all inside `directory`, `limit` bytes in all.

    Raises
    ------
    UserError
        It is no such archive, or holds a link, a device or a path that leads outside.
    """
    try:
        with tarfile.open(archive, "r:*") as tar:
            room = limit
            for member in tar:
                if not (member.isreg() or member.isdir()):
                    raise UserError(f"{archive}: {member.name!r} is a link or a device; a model holds plain files only")
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


def publish(files: Sequence[Path], output: str | Path) -> list[Path | str]:
    """Bring files to a directory or an S3 prefix, in this order; in a directory no half-written file is ever seen.

    Returns
    -------
    Where each is now: paths, or addresses in S3.
    """
    if s3.is_uri(output):
        return [s3.upload(file, str(output)) for file in files]
    directory = Path(output).expanduser().absolute()
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".drydock-") as staging:
        for file in files:
            shutil.copyfile(file, Path(staging, file.name))
        return [Path(staging, file.name).replace(directory / file.name) for file in files]

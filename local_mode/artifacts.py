"""Archives of what a job leaves behind: written whole or not at all."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from local_mode import s3


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

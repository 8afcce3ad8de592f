"""Where the code of a script comes from: a directory, or an archive on this machine or in S3."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from containers.archives import unpack
from containers.errors import AlgorithmError, UserError
from containers.settings import Settings

#: Bytes that code may unpack to.
MAX_CODE = 2 * 10**9
NAME = "sagemaker_submit_directory"


def fetch(location: str, directory: Path, settings: Settings) -> Path:
    """The directory that holds the code.

    Parameters
    ----------
    location
        ``/opt/ml/code`` or ``file:///home/me/src``: a directory, used where it is, or a tar archive;
        ``s3://bucket/key``: an archive.
    directory
        Where an archive is unpacked to.

    Raises
    ------
    UserError
        There is nothing at that place, or it is no archive that may be unpacked.
    """
    parts = urlsplit(location)
    if parts.scheme == "s3":
        with tempfile.TemporaryDirectory(prefix="drydock-script-") as downloads:
            archive = Path(downloads, "code.tar.gz")
            _download(parts.netloc, parts.path.lstrip("/"), archive, settings)
            unpack(archive, directory, MAX_CODE)
        return directory
    if parts.scheme in ("", "file"):
        archive = settings.locate(unquote(parts.netloc + parts.path) if parts.scheme else location)
    else:
        raise UserError(f"{NAME}: expected a path, file:// or s3://, got {location!r}")
    if archive.is_dir():
        return archive
    if not archive.is_file():
        raise UserError(f"{NAME}: there is no file or directory {location!r}")
    unpack(archive, directory, MAX_CODE)
    return directory


def _download(bucket: str, key: str, target: Path, settings: Settings) -> None:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise UserError(f"{NAME}: s3:// needs boto3, which is not installed here; give a path or file://") from None
    region = settings.environ.get("AWS_REGION") or settings.environ.get("SAGEMAKER_REGION")
    try:
        boto3.client("s3", region_name=region).download_file(bucket, key, str(target))
    except ClientError as error:  # the bucket or the key, or who may read them
        raise UserError(f"{NAME}: s3://{bucket}/{key}: {error}") from error
    except BotoCoreError as error:
        raise AlgorithmError(f"{NAME}: s3://{bucket}/{key}: {error}") from error

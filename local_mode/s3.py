"""Objects in S3, or in anything that speaks its protocol where ``AWS_ENDPOINT_URL`` says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from containers.errors import UserError

SCHEME = "s3://"


def is_uri(location: object) -> bool:
    return isinstance(location, str) and location.startswith(SCHEME)


def download(uri: str, directory: Path) -> Path:
    """Fetch every object whose key begins with the prefix in `uri`, as SageMaker's ``S3Prefix`` does.

    Returns
    -------
    `directory`, which then holds the objects under their names relative to the prefix.

    Raises
    ------
    UserError
        Nothing has that prefix, it cannot be read, or a key would lead outside the directory.
    """
    bucket, prefix = _split(uri)
    with _explained(uri):
        client = _client()
        found = False
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                key = entry["Key"]
                if key.endswith("/"):  # the empty objects with which consoles show folders
                    continue
                path = directory / _relative(key, prefix)
                path.parent.mkdir(parents=True, exist_ok=True)
                client.download_file(bucket, key, str(path))
                found = True
    if not found:
        raise UserError(f"{uri}: no object has this prefix")
    return directory


def upload(path: Path, uri: str) -> str:
    """Store a file under the prefix `uri`; returns the address of the new object."""
    bucket, prefix = _split(uri)
    key = str(PurePosixPath(prefix) / path.name)
    with _explained(uri):
        _client().upload_file(str(path), bucket, key)
    return f"{SCHEME}{bucket}/{key}"


def _relative(key: str, prefix: str) -> Path:
    """The name of an object below a prefix; the prefix may end within a name, then that name stays whole."""
    rest = key[len(prefix) :]
    whole = not prefix or prefix.endswith("/") or rest.startswith("/")
    name = rest.lstrip("/") if whole else key[prefix.rfind("/") + 1 :]
    if any(part in ("", ".", "..") for part in name.split("/")):
        raise UserError(f"the key {key!r} cannot be a file name: it holds an empty, '.' or '..' part")
    return Path(name)


def _split(uri: str) -> tuple[str, str]:
    bucket, _, prefix = uri.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise UserError(f"{uri!r} names no bucket; expected s3://bucket/prefix")
    return bucket, prefix


def _client() -> Any:
    import boto3  # half a second to import, and most jobs need none of it

    return boto3.client("s3")


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (Boto3Error, BotoCoreError, ClientError) as error:
        raise UserError(f"{uri}: {error}") from error

"""The image's health check: a container that serves is healthy when `/ping` says so, one that trains always is."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from containers.settings import ServeSettings

#: What the container was started with.
COMMAND = Path("/proc/1/cmdline")
TIMEOUT = 4.0


def main(environ: Mapping[str, str] | None = None, command: Path = COMMAND) -> int:
    """Ask once; return the exit code: 0 healthy, 1 not."""
    words = command.read_bytes().split(b"\0")
    if not any(word.rpartition(b"/")[2] == b"serve" for word in words):
        return 0  # there is nobody to ask
    settings = ServeSettings.read(os.environ if environ is None else environ)
    connection = HTTPConnection("127.0.0.1", settings.port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/ping")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        print(f"/ping: {error}")
        return 1
    print(f"/ping: {status}")
    return 0 if status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())

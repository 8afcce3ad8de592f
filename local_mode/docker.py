"""The Docker engine, by its own command: no library, no shell."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from containers.errors import UserError

COMMAND = "docker"


def docker(*arguments: str, environment: Mapping[str, str] | None = None, shown: bool = False) -> str:
    """Run one command of the Docker CLI to its end; return what it writes to stdout.

    What it does at the engine is done when this returns, even where it ends by an exception such as KeyboardInterrupt.

    Parameters
    ----------
    environment
        More variables for the command, over those of this process.
    shown
        Whether its output goes to the terminal, and nothing is returned.

    Raises
    ------
    UserError
        There is no Docker, or it refuses; the message ends with its own words, unless they were shown.
    """
    stream = None if shown else subprocess.PIPE
    try:
        process = subprocess.Popen(
            [COMMAND, *arguments],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            text=True,
            errors="replace",
            start_new_session=not shown,  # Ctrl-C ends what is shown; the rest ends by itself
        )
    except FileNotFoundError:
        raise UserError("docker: there is no such command on the path; install Docker") from None
    try:
        out, words = process.communicate()
    except BaseException:
        process.wait()
        raise
    if process.returncode:
        raise UserError(f"docker {arguments[0]}: {(words or '').strip() or f'it ended with exit code {process.returncode}'}")
    return out or ""

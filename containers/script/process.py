"""A program of the user's as a process: its output passed on, its last lines kept, SIGTERM heard."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.errors import UserError
from containers.stop import Stop

#: Lines of the output that are kept, in which an error of Python's is looked for.
LAST_LINES = 300
#: Characters of the reason of a failure; the platform shows 1,024.
REASON_CHARACTERS = 900
TRACEBACK = "Traceback (most recent call last):"
#: Seconds the output may stay open after the end, as where a process has left another behind.
PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: its exit code, negative for a signal, and the last of what it said."""

    code: int
    lines: Sequence[str]

    @property
    def how(self) -> str:
        """``exit code 3``, ``SIGKILL, as where memory is exhausted``"""
        if self.code >= 0:
            return f"exit code {self.code}"
        name = signal.Signals(-self.code).name
        return f"{name}, as where memory is exhausted" if name == "SIGKILL" else name

    @property
    def reason(self) -> str:
        """How it ended, and why: the error of Python's, if that was it, and the last lines as far as there is room."""
        first = f"{self.how}: {error}" if (error := self._error()) else self.how
        first = first[: REASON_CHARACTERS // 2]
        return f"{first}\n{''.join(self.lines).strip()[len(first) - REASON_CHARACTERS :]}".strip()

    def _error(self) -> str:
        """``ValueError: the data are bad``; what follows the last traceback may be longer than what is shown."""
        traces = [at for at, line in enumerate(self.lines) if line.startswith(TRACEBACK)]
        after = self.lines[traces[-1] + 1 :] if traces else []
        return next((line.strip() for line in after if not line.startswith((" ", "\n"))), "")


def run(command: Sequence[str], directory: Path, environment: Mapping[str, str], stop: Stop | None = None) -> Ended:
    """Run a command to its end, with its output as ours; SIGTERM is passed on to it where `stop` is given.

    Raises
    ------
    UserError
        It cannot be started.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as error:
        raise UserError(f"{command[0]} cannot be started: {error.strerror}") from error
    last: deque[str] = deque(maxlen=LAST_LINES)
    reader = threading.Thread(target=_pass_on, args=(process, last), name="script log", daemon=True)
    reader.start()
    try:
        with (stop or Stop()).passed_on(process):
            code = process.wait()
    finally:
        if process.poll() is None:  # interrupted from the terminal
            process.kill()
            process.wait()
    reader.join(PATIENCE)
    return Ended(code, list(last))


def _pass_on(process: subprocess.Popen[str], last: deque[str]) -> None:
    assert process.stdout is not None  # noqa: S101 - for the type checker
    with process.stdout:
        for line in process.stdout:
            last.append(line)
            sys.stdout.write(line)
            sys.stdout.flush()

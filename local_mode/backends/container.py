"""A container as a process: ``python -m local_mode.backends.container NAME`` runs one that has been created.

Its log and its exit code are the process's, and SIGTERM to the process is SIGTERM to the container. Docker's own command, at
SIGTERM, would leave before the container has ended.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from containers.errors import UserError
from local_mode.docker import COMMAND, docker


def main(name: str) -> int:
    """Run a container to its end; return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=_terminate, args=(name,), daemon=True).start())
    return subprocess.Popen([COMMAND, "start", "--attach", name], stdin=subprocess.DEVNULL).wait()


def _terminate(name: str) -> None:
    """Pass SIGTERM on, as soon as there is somebody to hear it."""
    with suppress(UserError):  # it has ended meanwhile
        while docker("inspect", "--format", "{{.State.Status}}", name).strip() == "created":
            time.sleep(0.05)
        docker("kill", "--signal", "TERM", name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

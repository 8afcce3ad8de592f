"""Whether a process has ended."""

import os
import time
from pathlib import Path


def has_ended(pid: int) -> bool:
    """Whether the process is gone, or only waits for its parent to notice; an orphan's end may take a moment to be seen."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False

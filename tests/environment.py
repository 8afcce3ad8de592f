"""Environments for libraries that Drydock is measured against or used with, apart from its own."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(__file__).resolve().parents[1] / ".cache"


def interpreter(name: str, requirements: Sequence[str]) -> Path:
    """The interpreter of the environment ``.cache/<name>``, made when it is absent or was made for other requirements."""
    home = CACHE / name
    made_for = home / "requirements.txt"
    wanted = "".join(f"{requirement}\n" for requirement in requirements)
    python = home / "bin" / "python"
    if not made_for.is_file() or made_for.read_text() != wanted:
        print(f"making {home.relative_to(CACHE.parent)} for: {', '.join(requirements)}", file=sys.stderr)
        venv.create(home, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        made_for.write_text(wanted)
    return python

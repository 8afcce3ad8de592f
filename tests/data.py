"""The real data sets, not part of the repository: `DRYDOCK_DATA` says where they are, by default ``../shared/data``."""

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("DRYDOCK_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


def path(name: str) -> Path:
    """A file or directory of the data; a test that asks for what is not there is skipped, and says so."""
    found = ROOT / name
    if not found.exists():
        pytest.skip(f"{name} is not under {ROOT}; DRYDOCK_DATA may name another place")
    return found

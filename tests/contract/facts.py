"""What AWS documents, as tables beside the real data; not part of the repository."""

import json
from typing import Any

import pytest

from tests.data import ROOT


def table(name: str) -> Any:
    """A table, such as ``metrics`` or ``hyperparameters/linear_learner``; a test that asks for what is not there is skipped."""
    path = ROOT.parent / "contract" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path.name}: there is no folder `contract` with it beside the data, {ROOT}; DRYDOCK_DATA names the data")
    return json.loads(path.read_text())

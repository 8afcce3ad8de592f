"""The README's example runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import recordio


def test_example(tmp_path: Path) -> None:
    readme = Path(recordio.__file__).with_name("README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    found = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.endswith("[0. 1. 0.] ['a', 'b', 'c']\n[2, 1]\n")

"""Where machine code is kept, seen from processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = """
from containers.compiled import compiled

@compiled
def twice(number):
    return 2 * number
"""
PROGRAM = """
import lately
assert lately.twice(21) == 42
print(sum(lately.twice.stats.cache_hits.values()), lately.twice.stats.cache_path)
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "lately.py").write_text(SOURCE)
    return tmp_path


def run(folder: Path, **environ: str) -> list[str]:
    """How often code was found, and the directory it is kept in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    environ = {**clean, "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}", "HOME": "/dev/null", **environ}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.slow
def test_code_is_kept_beside_its_source(folder):
    assert run(folder) == ["0", str(folder / "__pycache__")]
    assert run(folder) == ["1", str(folder / "__pycache__")]


@pytest.mark.slow
def test_code_is_kept_where_the_environment_says(folder, tmp_path):
    _, path = run(folder, NUMBA_CACHE_DIR=str(tmp_path / "cache"))

    assert Path(path).parent == tmp_path / "cache"


@pytest.mark.slow
def test_without_a_place_to_keep_it_code_is_compiled_anew(folder):
    (folder / "__pycache__").write_text("not a directory: nothing can be written here, not even by root")

    assert run(folder) == ["0", "None"]


@pytest.mark.slow
def test_code_that_came_with_the_source_is_used_unwritten(folder, tmp_path):
    cache = folder / "__pycache__"
    locators = {
        "NUMBA_CACHE_LOCATOR_CLASSES": "containers.compiled.Shipped,UserProvidedCacheLocator",
        "NUMBA_CACHE_DIR": str(tmp_path / "elsewhere"),
    }
    assert run(folder, **locators)[0] == "0"
    assert run(folder) == ["0", str(cache)]
    before = sorted((path.name, path.stat().st_mtime_ns) for path in cache.iterdir())
    cache.chmod(0o555)

    assert run(folder, **locators) == ["1", str(cache)]
    assert sorted((path.name, path.stat().st_mtime_ns) for path in cache.iterdir()) == before

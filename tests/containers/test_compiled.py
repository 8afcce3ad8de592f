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


PARSERS = """
from containers.content import csv, kernels, libsvm
from containers.content.layout import Layout
csv.compiled(b"1;2", Layout(2, missing=True, delimiters=";"), kernels)
libsvm.compiled(b"1 1:2", Layout(1, index_base=1), kernels)
for kernel in (kernels.table, kernels.rows):
    print(sum(kernel.stats.cache_hits.values()))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "lately.py").write_text(SOURCE)
    return tmp_path


def run(folder: Path, program: str = PROGRAM, **environ: str) -> list[str]:
    """What a program in a process of its own says: how often code was found, and the directory it is kept in."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA", "XDG"))}
    environ = {**clean, "PYTHONPATH": f"{folder}{os.pathsep}{Path.cwd()}", "HOME": "/dev/null", **environ}
    return subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
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


@pytest.mark.slow
def test_the_parsers_can_be_compiled_ahead(tmp_path):
    cache = {"NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_CPU_NAME": "generic"}

    assert run(tmp_path, "from containers.content.warm import warm; warm()", **cache) == []
    assert run(tmp_path, PARSERS, **cache) == ["1", "1"]

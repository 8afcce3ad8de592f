"""The house: each floor imports only what is below it, and nothing else stands at the top."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: From the ground up.
FLOORS = ["recordio", "containers", "algorithms", "local_mode"]
TOP = {*FLOORS, "tests", "pyproject.toml", "README.md", "Makefile", "CHANGELOG.md", "LICENSE", "constraints.txt"}


def imported(path: Path) -> set[str]:
    """Top-level packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0] if not node.level else path.relative_to(ROOT).parts[0])
    return names


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_down(floor):
    above = {*FLOORS[FLOORS.index(floor) + 1 :], "tests"}
    modules = sorted((ROOT / floor).rglob("*.py"))
    assert modules
    climbing = {str(path.relative_to(ROOT)): found for path in modules if (found := imported(path) & above)}
    assert climbing == {}


def test_algorithms_do_not_lean_on_each_other():
    packages = [path for path in (ROOT / "algorithms").iterdir() if (path / "__init__.py").exists() and path.name != "training"]
    for package in packages:
        others = [f"algorithms.{other.name}" for other in [*packages] if other != package]
        for path in package.rglob("*.py"):
            assert not [other for other in others if other in path.read_text()], path


def test_nothing_else_stands_at_the_top():
    passing = ("__pycache__", "build", "dist")
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.suffix != ".egg-info"}
    assert found - TOP - set(passing) == set()


def test_an_algorithm_is_found_without_a_training_framework():
    """A bad hyperparameter has to be refused within a second."""
    code = "import sys; from containers.algorithm import find, names; print(*map(find, names()), 'tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.endswith(" False\n")

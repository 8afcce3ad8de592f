"""The README's code blocks, run in order by a reader with a CSV file of their own."""

import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from local_mode.network import free_ports

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with `my.csv`, `classes.csv`, `rows.csv` and `labelled.txt`, and the installed commands on the path."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 5))
    labels = rows @ [1, -2, 3, 0, 0.5] + 4
    np.savetxt(tmp_path / "my.csv", np.column_stack([labels, rows]), "%.6g", ",")
    classes = np.digitize(labels, [2, 6])
    np.savetxt(tmp_path / "classes.csv", np.column_stack([classes, rows]), "%.6g", ",")
    np.savetxt(tmp_path / "rows.csv", rows[:3], "%.6g", ",")
    (tmp_path / "labelled.txt").write_text("__label__good it works\n__label__bad it does not\n" * 100)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", sysconfig.get_path("scripts"), prepend=":")
    yield tmp_path


def run(command: list[str], servers: ExitStack) -> str:
    """Run one command; a server stays until the blocks are done. Of `make` only see that the target exists."""
    if command[0] == "make":
        command = ["make", "--dry-run", "--directory", str(ROOT), *command[1:]]
    if command[:2] != ["drydock", "serve"]:
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{shlex.join(command)}\n{done.stderr}"
        return done.stdout
    server = servers.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True))
    servers.callback(server.terminate)
    assert server.stderr.readline().startswith("serving on ")
    return ""


@pytest.mark.slow
def test_the_code_blocks_run(reader):
    assert {language for language, _ in BLOCKS} == {"bash", "python"}
    (port,) = free_ports(1)
    answers = []
    with ExitStack() as servers:
        for language, block in BLOCKS:
            block = block.replace("8080", str(port))
            if language == "python":
                answers.append(run([sys.executable, "-c", block], servers))
                continue
            for line in block.replace("\\\n", " ").splitlines():
                answer = run(shlex.split(line), servers)
                if line.startswith("drydock invoke"):
                    answers.append(answer)
    truth = np.genfromtxt("my.csv", delimiter=",")[:3, 0]
    lines, python = answers
    assert [round(float(score), 1) for score in re.findall(r'"score": ?([-\d.]+)', lines)] == pytest.approx(truth, abs=0.2)
    assert [float(score) for score in re.findall(r'"score": ?([-\d.]+)', python)] == pytest.approx(truth, abs=0.2)
    models = [f"{name}/model.tar.gz" for name in ("out", "classes", "piped", "trees", "text")]
    for path in ("out/report.html", "my.pbr", *models):
        assert (reader / path).exists(), path


def test_the_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target

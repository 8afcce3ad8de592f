"""A tiny algorithm, installed for the test and the processes it starts, as another package would bring it."""

import os
import tempfile
import threading
from pathlib import Path

import pytest

from tests.local_mode.fake_docker import MODEL, FakeDocker

TINY = Path(__file__).parent / "tiny"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the algorithm in `tests/local_mode/tiny`."""
    monkeypatch.setenv("PYTHONPATH", str(TINY))
    monkeypatch.syspath_prepend(TINY)
    return "tiny"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory of two data files, one of them deeper, with what no reader wants beside them."""
    directory = tmp_path / "data"
    (directory / "deep").mkdir(parents=True)
    (directory / "a.csv").write_bytes(b"1,2\n")
    (directory / "deep" / "b.csv").write_bytes(b"3,4\n")
    (directory / "_SUCCESS").touch()
    (directory / ".hidden").write_bytes(b"no data")
    return directory


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    """A `docker` command on the path that is none; its containers leave a model and end well."""
    fake = FakeDocker(tmp_path / "docker")
    monkeypatch.setenv("PATH", str(fake.install()), prepend=os.pathsep)
    fake.runs(MODEL)
    return fake


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The directory for temporary files: empty again after every test, and no thread of ours is left."""
    directory = tmp_path / "scratch"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    monkeypatch.setenv("TMPDIR", str(directory))
    yield directory
    assert list(directory.iterdir()) == []
    ours = ("pipe ", "watch ", "log ", "endpoint ")
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(ours)] == []

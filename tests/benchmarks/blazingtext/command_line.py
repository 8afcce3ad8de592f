"""fastText's command line, compiled from the sources of its package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.environment import CACHE

VERSION = "0.9.3"
#: As its own Makefile has them.
FLAGS = ["-std=c++17", "-O3", "-march=native", "-funroll-loops", "-DNDEBUG", "-pthread"]


def fasttext() -> Path:
    """The executable ``.cache/fasttext-<version>``, made if it is absent; needs a C++ compiler."""
    executable = CACHE / f"fasttext-{VERSION}"
    if not executable.is_file():
        print(f"making {executable.relative_to(CACHE.parent)}", file=sys.stderr)
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            package = ["--no-deps", "--no-binary", "fasttext", f"fasttext=={VERSION}"]
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", directory, *package], check=True)
            with tarfile.open(next(directory.glob("*.tar.gz"))) as archive:
                archive.extractall(directory, filter="data")
            sources = sorted((directory / f"fasttext-{VERSION}" / "src").glob("*.cc"))
            subprocess.run(["c++", *FLAGS, *sources, "-o", directory / "fasttext"], check=True)
            shutil.move(directory / "fasttext", executable)
    return executable

"""Publishing a model: written aside, then moved into the model directory whole."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from containers.errors import AlgorithmError
from containers.stop import Stop

_PREFIX = ".staging-"


@contextmanager
def staged(model_dir: Path, host: str, stop: Stop) -> Iterator[Path]:
    """A private directory whose files are moved into `model_dir` when the block ends well, and removed when it does not.

    Each file appears under its name at once and complete, replacing one of that name. The directory lies inside `model_dir`,
    which may be a mount of its own, because only there a move is a rename.

    Raises
    ------
    AlgorithmError
        The system refuses to write: the disk is full, the directory read-only.
    """
    staging = None
    try:
        model_dir.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{host}@", dir=model_dir))
        yield staging
        with stop.finishing():
            for file in sorted(path for path in staging.rglob("*") if path.is_file()):
                target = model_dir / file.relative_to(staging)
                target.parent.mkdir(parents=True, exist_ok=True)
                file.replace(target)
    except OSError as error:
        raise AlgorithmError(f"the model cannot be written: {error}") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def clear_stale(model_dir: Path, host: str) -> None:
    """Remove what a run that was cut off has left; only this host's, as hosts may share the directory."""
    with suppress(OSError):
        for path in model_dir.glob(f"{_PREFIX}{host}@*"):
            shutil.rmtree(path, ignore_errors=True)

"""Checkpoints: the model after a round, ``xgboost-checkpoint.N``, as xgboost writes models."""

from __future__ import annotations

import base64
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from algorithms.xgboost.hosts import Cluster

if TYPE_CHECKING:
    from xgboost import Booster

log = logging.getLogger(__name__)

NAME = "xgboost-checkpoint"
#: The best model so far, where it is not the beginning of the last one.
BEST = "xgboost-best"
#: Files kept.
KEPT = 5
#: What the platform does not copy; and the marks that it sets while, and after, it copies a file.
IGNORED, COPYING, COPIED = ".sagemaker-ignore", ".sagemaker-uploading", ".sagemaker-uploaded"


class Checkpoints:
    """The checkpoints of one model; written by the first host.

    Parameters
    ----------
    directory
        None where the job asks for none.
    """

    def __init__(self, directory: Path | None, cluster: Cluster | None = None) -> None:
        self.directory, self._cluster = directory, cluster
        self._best: bytes | None = None

    def latest(self) -> tuple[bytes, int] | None:
        """The newest model that can be read and how many rounds are over, on every host; None where there is none."""
        found = self._read() if self._writes else None
        if self._cluster is not None and self._cluster.count > 1:
            sent = self._cluster.broadcast(None if found is None else [base64.b64encode(found[0]).decode(), found[1]])
            found = None if sent is None else (base64.b64decode(sent[0]), sent[1])
        return found

    def save(self, booster: Booster, epoch: int) -> None:
        """Write the model after a round, on the first host, and remove those that are too many."""
        if self.directory is None or not self._writes:
            return
        self._write(f"{NAME}.{epoch}", booster.save_raw("ubj"))
        for path in self._files()[KEPT:]:
            if not _sibling(path, COPYING).exists() or _sibling(path, COPIED).exists():
                path.unlink(missing_ok=True)

    def keep_best(self, booster: Booster) -> None:
        """Set this model aside as the best so far."""
        self._best = bytes(booster.save_raw("ubj"))
        if self.directory is not None and self._writes:
            self._write(BEST, self._best)

    def best(self) -> Booster | None:
        """The model set aside, here or by the run that is continued."""
        from xgboost import Booster

        if self._best is None and self.directory is not None and (self.directory / BEST).exists():
            self._best = (self.directory / BEST).read_bytes()
        return None if self._best is None else Booster(model_file=bytearray(self._best))

    @property
    def _writes(self) -> bool:
        return self._cluster is None or self._cluster.is_first

    def _write(self, name: str, content: bytes | bytearray) -> None:
        assert self.directory is not None  # noqa: S101 as the callers have seen to
        self.directory.mkdir(parents=True, exist_ok=True)
        partial = self.directory / f"{name}{IGNORED}"
        partial.write_bytes(content)
        partial.replace(self.directory / name)

    def _files(self) -> list[Path]:
        """The newest first."""
        if self.directory is None or not self.directory.is_dir():
            return []
        files = [path for path in self.directory.iterdir() if re.fullmatch(rf"{NAME}\.\d+", path.name)]
        return sorted(files, key=_epoch, reverse=True)

    def _read(self) -> tuple[bytes, int] | None:
        from xgboost import Booster
        from xgboost.core import XGBoostError

        for path in self._files():
            content = path.read_bytes()
            try:
                Booster(model_file=bytearray(content))
            except (XGBoostError, ValueError) as error:
                log.warning("checkpoint %s cannot be read, trying the one before: %s", path.name, str(error).splitlines()[0])
                continue
            log.info("resuming at round %d from checkpoint %s", _epoch(path) + 1, path.name)
            return content, _epoch(path) + 1
        return None


def _epoch(path: Path) -> int:
    return int(path.suffix[1:])


def _sibling(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)

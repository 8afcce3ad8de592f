"""A script that trains or serves in the algorithm's place, brought to the hosts as the SageMaker SDK brings it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from containers.errors import UserError
from local_mode import s3

#: Where a host finds the code: as the job is told, and in its directory.
CODE, DIRECTORY = "/opt/ml/code", "code"
#: What nobody wants copied.
LEFT_OUT = ("__pycache__", ".git", ".venv")


@dataclass(frozen=True, slots=True)
class Script:
    """A script and the code around it.

    Attributes
    ----------
    program
        The script's path in the code.
    code
        A directory, the script's file alone, or the address of an archive in S3.
    """

    program: str
    code: Path | str

    @classmethod
    def find(cls, entry_point: str | None, source_dir: str | Path | None) -> Self | None:
        """The script of these arguments of `local_mode.train`; None where they name none.

        Raises
        ------
        UserError
            There is no such file, or a directory without the name of a script in it.
        """
        if entry_point is None:
            if source_dir is not None:
                raise UserError("source_dir: name the script in it, the entry_point")
            return None
        if s3.is_uri(source_dir or ""):
            return cls(entry_point, str(source_dir))
        if source_dir is None:
            path = Path(entry_point).expanduser().absolute()
            if not path.is_file():
                raise UserError(f"entry_point: there is no file {entry_point!r}")
            return cls(path.name, path)
        directory = Path(source_dir).expanduser().absolute()
        if not (directory / entry_point).is_file():
            raise UserError(f"entry_point: there is no file {entry_point!r} in {str(source_dir)!r}")
        return cls(entry_point, directory)

    def hyperparameters(self, given: Mapping[str, object]) -> dict[str, str]:
        """Those of the job: every value as JSON, which tells the script whether it was a number or text."""
        values = {**given, "sagemaker_program": self.program, "sagemaker_submit_directory": self._place}
        return {name: json.dumps(value, default=str) for name, value in values.items()}

    @property
    def environment(self) -> dict[str, str]:
        """What tells a server of it."""
        return {"SAGEMAKER_PROGRAM": self.program, "SAGEMAKER_SUBMIT_DIRECTORY": self._place}

    @property
    def _place(self) -> str:
        return self.code if isinstance(self.code, str) else CODE

    def copy(self, root: Path) -> None:
        """Copy the code to a host, which may write beside it; from S3 the host fetches it itself."""
        if isinstance(self.code, str):
            return
        if self.code.is_dir():
            shutil.copytree(self.code, root / DIRECTORY, ignore=shutil.ignore_patterns(*LEFT_OUT))
        else:
            (root / DIRECTORY).mkdir(parents=True)
            shutil.copy(self.code, root / DIRECTORY)

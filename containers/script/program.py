"""The script itself: a file of the user's code, and the command that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from containers.errors import UserError

NAME = "sagemaker_program"


@dataclass(frozen=True, slots=True)
class Program:
    """A script in its directory.

    Attributes
    ----------
    directory
        The user's code, in which the script runs.
    name
        The script's path inside it, as the user gave it.
    """

    directory: Path
    name: str

    @classmethod
    def find(cls, directory: Path, name: str) -> Program:
        """The script of that name.

        Raises
        ------
        UserError
            There is no such file in the directory.
        """
        program = cls(directory.resolve(), name)
        path = program.path.resolve()
        if not path.is_relative_to(program.directory):
            raise UserError(f"{NAME}: expected a file inside the code, got {name!r}")
        if not path.is_file():
            there = ", ".join(sorted(path.name for path in directory.iterdir() if path.is_file())) or "none"
            raise UserError(f"{NAME}: there is no file {name!r} in the code; the files are {there}")
        return program

    @property
    def path(self) -> Path:
        return self.directory / self.name

    @property
    def is_package(self) -> bool:
        """Whether the code is to be installed and the script run as one of its modules."""
        return self.path.suffix == ".py" and (self.directory / "setup.py").is_file()

    def command(self, python: Path, arguments: Sequence[str]) -> list[str]:
        """What to run: Python and shell scripts by their interpreters, anything else as a program of its own."""
        if self.is_package:
            return [str(python), "-m", ".".join(Path(self.name).with_suffix("").parts), *arguments]
        if self.path.suffix == ".py":
            return [str(python), str(self.path), *arguments]
        if self.path.suffix == ".sh":
            return ["bash", str(self.path), *arguments]
        return [str(self.path), *arguments]

"""Where the hosts of a job run: as processes of this machine, or in containers of its Docker engine."""

from __future__ import annotations

from typing import Literal, get_args

from containers.errors import UserError
from local_mode.backends.backend import Backend, Program
from local_mode.backends.docker import DockerBackend
from local_mode.backends.process import ProcessBackend

__all__ = ["Backend", "BackendName", "Program", "find"]

BackendName = Literal["process", "docker"]


def find(name: str) -> Backend:
    """The backend of that name.

    Raises
    ------
    UserError
        There is none; the message lists those there are.
    """
    if name == "process":
        return ProcessBackend()
    if name == "docker":
        return DockerBackend()
    raise UserError(f"backend: expected {' or '.join(get_args(BackendName))}, got {name!r}")

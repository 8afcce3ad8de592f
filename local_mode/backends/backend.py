"""What a backend is: one method, which says how a program is run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from local_mode.processes import Process


@dataclass(frozen=True, slots=True)
class Program:
    """`train` or `serve`, for one host.

    Attributes
    ----------
    root
        The host's directory, laid out as ``/opt/ml``.
    arguments
        More words of its command line.
    environment
        More variables; a backend decides what of ours it passes on.
    port
        Loopback port under which `serve` is reached.
    directories
        Those of this machine to which links in `root` lead, and whether they are written to.
    """

    name: Literal["train", "serve"]
    algorithm: str
    root: Path
    host: str = "algo-1"
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    directories: Mapping[Path, bool] = field(default_factory=dict)


class Backend(Protocol):
    """Runs programs under the contract of ``/opt/ml``.

    Attributes
    ----------
    machine
        Where a host sees the root directory of this machine. Links in a host's directory begin with it.
    interface
        The network interface by which a host reaches the others.
    """

    machine: Path
    interface: str

    def prepare(self, programs: Sequence[Program]) -> AbstractContextManager[list[Process]]:
        """The processes that run the programs of one job, not started yet.

        SIGTERM to one is SIGTERM to its program, and its exit code the program's. They must have ended when the context is
        left; then nothing of them remains, whatever became of the processes.

        Raises
        ------
        UserError
            The backend is not there, or cannot run them.
        """
        ...

"""One container a host, from the image of the algorithm."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from containers.errors import UserError
from containers.settings import DEFAULT_ROOT, ServeSettings
from local_mode import images, network
from local_mode.backends.backend import Program
from local_mode.docker import docker
from local_mode.processes import STOP_GRACE, Process


class DockerBackend:
    """See `Backend`. Containers run as the caller, see what they need of this machine and nothing else, and are removed.

    Several hosts have a network of their own, on which they find each other by name.
    """

    machine = Path("/mnt/machine")
    interface = "eth0"

    @contextmanager
    def prepare(self, programs: Sequence[Program]) -> Iterator[list[Process]]:
        """Containers are created here and only started by the processes: one that is created is known, and can be removed."""
        for image in {images.find(program.algorithm).name() for program in programs}:
            images.require(image)
        job = f"drydock-{uuid.uuid4().hex[:12]}"
        with ExitStack() as stack:
            if len(programs) > 1:
                stack.callback(_remove, "network", "rm", job)
                docker("network", "create", job)
            processes = []
            for program in programs:
                name = f"{job}-{program.host}"
                stack.callback(_remove, "rm", "--force", "--volumes", name)
                joined = ["--network", job, "--network-alias", program.host] if len(programs) > 1 else []
                # variables are named here and have their values from the environment, where no list of processes shows them
                docker("create", "--name", name, *joined, *self._options(program), environment=program.environment)
                command = [sys.executable, "-P", "-m", "local_mode.backends.container", name]
                processes.append(Process(program.host, command, str(program.root), dict(os.environ)))
            yield processes

    def _options(self, program: Program) -> Iterator[str]:
        yield from ("--pull", "never", "--user", f"{os.getuid()}:{os.getgid()}")
        yield from ("--hostname", program.host, "--stop-timeout", f"{STOP_GRACE:.0f}")
        yield from ("--mount", _mount(program.root, DEFAULT_ROOT, written=True))
        for directory, written in program.directories.items():
            yield from ("--mount", _mount(directory, self.machine / directory.relative_to("/"), written))
        for variable in program.environment:
            yield from ("--env", variable)
        if program.port is not None:
            yield from ("--publish", f"{network.LOOPBACK}:{program.port}:{ServeSettings.port}")
        yield from (images.find(program.algorithm).name(), program.name, *program.arguments)


def _mount(source: Path, target: Path, written: bool) -> str:
    """The value of ``--mount``: one line of CSV, in which names may hold commas and quotes."""
    fields = ["type=bind", f"source={source}", f"target={target}", *([] if written else ["readonly"])]
    return ",".join('"{}"'.format(field.replace('"', '""')) for field in fields)


def _remove(*command: str) -> None:
    with suppress(UserError):  # it is not there
        docker(*command)

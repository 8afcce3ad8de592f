"""One process a host, in the environment of this one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_mode import network
from local_mode.backends.backend import Program
from local_mode.processes import Process


class ProcessBackend:
    """See `Backend`. Hosts reach each other on loopback ports, which they learn from ``DRYDOCK_HOSTS``."""

    machine = Path("/")
    interface = "lo"

    @contextmanager
    def prepare(self, programs: Sequence[Program]) -> Iterator[list[Process]]:
        shared = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if len(programs) > 1:
            ports = network.free_ports(len(programs))
            addresses = (f"{program.host}={network.LOOPBACK}:{port}" for program, port in zip(programs, ports, strict=True))
            shared["DRYDOCK_HOSTS"] = ",".join(addresses)
        yield [
            Process(program.host, _command(program), str(program.root), {**shared, **program.environment})
            for program in programs
        ]


def _command(program: Program) -> list[str]:
    # -P: the directory the process stands in is no place to import from
    command = [sys.executable, "-P", "-m", f"containers.{program.name}"]
    options = ["--algorithm", program.algorithm, "--root", str(program.root)]
    if program.port is not None:
        options += ["--port", str(program.port), "--host", network.LOOPBACK]
    return [*command, *options, *program.arguments]

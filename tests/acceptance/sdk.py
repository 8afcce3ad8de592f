"""Programs that use the SageMaker SDK, in an environment of its own and without AWS: keys are invented, telemetry is off."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import environment
from tests.acceptance.container import docker

#: Identifier and directory of each container of docker-compose.
COMPOSED = '{{.ID}} {{.Label "com.docker.compose.project.working_dir"}}'
NETWORK = "sagemaker-local"
CONFIG = """\
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
"""


def run(requirements: list[str], program: str, *arguments: str, directory: Path) -> str:
    """Run a program beside this module to its successful end; its log. Nothing the SDK starts outlives it.

    Parameters
    ----------
    directory
        Where the program works, and everything that it gives to containers lies.
    """
    python = environment.interpreter(Path(program).stem.replace("_", "-"), requirements)
    config = directory / "sagemaker.yaml"
    config.write_text(CONFIG)
    # no more of the environment than this: no keys, profile or region of whoever runs the tests
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config),
    } | {name: value for name, value in os.environ.items() if name.startswith("DOCKER_")}
    command = [str(python), str(Path(__file__).with_name(program)), *arguments]
    with _swept(directory):
        done = subprocess.run(
            command, cwd=directory, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600
        )
    assert done.returncode == 0, done.stdout
    return done.stdout


@contextmanager
def _swept(directory: Path) -> Iterator[None]:
    """Remove the containers that belong to a directory afterwards, and the network if there was none: the SDK leaves both."""
    network_was_there = _network_is_there()
    try:
        yield
    finally:
        listed = docker("ps", "--all", "--filter", "label=com.docker.compose.project", "--format", COMPOSED)
        for container, _, home in (line.partition(" ") for line in listed.splitlines()):
            if Path(home).is_relative_to(directory):
                docker("rm", "--force", "--volumes", container)
        if not network_was_there:  # and nobody else has come to use it
            docker("network", "prune", "--force", "--filter", f"label=com.docker.compose.network={NETWORK}")


def _network_is_there() -> bool:
    return NETWORK in docker("network", "ls", "--format", "{{.Name}}").split()

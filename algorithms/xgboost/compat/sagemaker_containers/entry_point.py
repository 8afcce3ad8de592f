"""Waiting for the other hosts."""

from __future__ import annotations

import json
import os
from pathlib import Path

from containers.hosts import Hosts
from containers.settings import TrainSettings

__all__ = ["_wait_hostname_resolution", "job_hosts", "job_settings"]


def job_settings() -> TrainSettings:
    """The settings of the job whose script this is."""
    return TrainSettings.read(os.environ, Path(os.environ["SM_OUTPUT_DIR"]).parent)


def job_hosts(names: list[str], current: str) -> Hosts:
    """Some hosts of the job."""
    return Hosts(current, tuple(sorted(names)), addresses=dict(job_settings().addresses))


def _wait_hostname_resolution() -> None:
    """Wait until the name of every host is known."""
    hosts = job_hosts(json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"])
    for name in hosts.all:
        hosts.address(name)

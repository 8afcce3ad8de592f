"""The directory of one host of a job, laid out as ``/opt/ml`` is in a container."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from containers.algorithm import InputMode
from local_mode.sources import DataFile

Distribution = Literal["FullyReplicated", "ShardedByS3Key"]


@dataclass(frozen=True, slots=True)
class ChannelData:
    """A channel as one host sees it."""

    files: Sequence[DataFile]
    input_mode: InputMode = "File"
    content_type: str | None = None
    distribution: Distribution = "FullyReplicated"

    def config(self) -> dict[str, str]:
        """Its entry in ``inputdataconfig.json``; a content type nobody gave is left out, as AWS does."""
        entry: dict[str, str] = {
            "TrainingInputMode": self.input_mode,
            "S3DistributionType": self.distribution,
            "RecordWrapperType": "None",
        }
        if self.content_type:
            entry["ContentType"] = self.content_type
        if self.input_mode == "Pipe" and any(path.suffix == ".gz" for _, path in self.files):
            entry["CompressionType"] = "Gzip"
        return entry


@dataclass(frozen=True, slots=True)
class HostLayout:
    """One host's directory.

    Attributes
    ----------
    root
        What is ``/opt/ml`` in a container.
    checkpoints, tensorboard
        The user's directories for checkpoints and TensorBoard events, which outlive the job; None where not asked for.
    machine, interface
        See `local_mode.backends.Backend`.
    """

    root: Path
    host: str
    hosts: Sequence[str]
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, ChannelData] = field(default_factory=dict)
    checkpoints: Path | None = None
    tensorboard: Path | None = None
    machine: Path = Path("/")
    interface: str = "lo"

    @property
    def model(self) -> Path:
        return self.root / "model"

    @property
    def output_data(self) -> Path:
        return self.root / "output" / "data"

    @property
    def failure(self) -> Path:
        return self.root / "output" / "failure"

    @property
    def directories(self) -> dict[Path, bool]:
        """The user's directories to which links lead, and whether they are written to."""
        piped = (channel for channel in self.channels.values() if channel.input_mode != "Pipe")
        read = {path.resolve().parent: False for channel in piped for _, path in channel.files}
        return read | {kept.resolve(): True for kept in (self.checkpoints, self.tensorboard) if kept is not None}

    def pipe_stem(self, channel: str) -> Path:
        """FIFOs of a Pipe channel are this path, an underscore and the epoch."""
        return self.root / "input" / "data" / channel

    def write(self) -> None:
        """Make the directories, the configuration and the channels' files; FIFOs are the feeders' work."""
        for directory in (self.model, self.output_data, self.root / "input" / "data"):
            directory.mkdir(parents=True)
        self._write_config()
        for place, kept in (("checkpoints", self.checkpoints), ("output/tensorboard", self.tensorboard)):
            if kept is not None:
                kept.mkdir(parents=True, exist_ok=True)
                link(self.root / place, kept, self.machine)
        for name, channel in self.channels.items():
            if channel.input_mode != "Pipe":
                self._link_files(channel.files, self.root / "input" / "data" / name)

    def _write_config(self) -> None:
        config: dict[str, object] = {
            "hyperparameters.json": dict(self.hyperparameters),
            "inputdataconfig.json": {name: channel.config() for name, channel in self.channels.items()},
            "resourceconfig.json": {
                "current_host": self.host,
                "hosts": sorted(self.hosts),
                "network_interface_name": self.interface,
            },
        }
        if self.checkpoints is not None:
            config["checkpointconfig.json"] = {"LocalPath": "/opt/ml/checkpoints"}
        if self.tensorboard is not None:
            config["tensorboardoutputconfig.json"] = {"LocalPath": "/opt/ml/output/tensorboard"}
        directory = self.root / "input" / "config"
        directory.mkdir(parents=True)
        for name, content in config.items():
            (directory / name).write_text(json.dumps(content, indent=1))

    def _link_files(self, files: Sequence[DataFile], directory: Path) -> None:
        """A tree of links to the user's files: nothing is copied, and what a job writes beside them never reaches the user."""
        directory.mkdir()
        for name, path in files:
            place = directory / name
            place.parent.mkdir(parents=True, exist_ok=True)
            link(place, path, self.machine)


def link(place: Path, target: Path, machine: Path) -> None:
    """Make a link for a host that finds the root directory of this machine at `machine`."""
    place.symlink_to(machine / target.resolve().relative_to("/"))

"""A training job, read and checked before anything else happens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from containers.algorithm import Algorithm, ChannelSpec
from containers.artifacts import staged
from containers.channels import Channel
from containers.config import Section, checked_name, read_object
from containers.errors import UserError, did_you_mean
from containers.hosts import Hosts
from containers.media import MediaType
from containers.settings import TrainSettings
from containers.stop import Stop

__all__ = ["Hosts", "TrainingJob", "read_job"]


@dataclass(frozen=True)
class TrainingJob:
    """All that the platform says about a job.

    Attributes
    ----------
    checkpoint_dir
        Where checkpoints are kept over restarts; None where the job asks for none.
    output_dir
        For what is not the model: metrics, the report.
    tensorboard_dir
        Where TensorBoard events go; None where nobody asks for them.
    tuning_objective
        Name of the metric a tuner watches; None outside a tuning job.
    stop
        Set when the job is told to stop.
    """

    name: str
    hyperparameters: Any
    channels: Mapping[str, Channel]
    hosts: Hosts
    settings: TrainSettings
    checkpoint_dir: Path | None = None
    tensorboard_dir: Path | None = None
    tuning_objective: str | None = None
    stop: Stop = field(default_factory=Stop, repr=False)

    @property
    def model_dir(self) -> Path:
        return self.settings.model_dir

    @property
    def output_dir(self) -> Path:
        return self.settings.output_dir

    def channel(self, name: str) -> Channel | None:
        """The channel of that name, or None if the job has none."""
        return self.channels.get(name)

    def artifact(self) -> AbstractContextManager[Path]:
        """A private directory: its files are moved into `model_dir` if the block ends well, and vanish if it does not.

        May be used again for a better model; hosts that share names leave it to the first.
        """
        return staged(self.model_dir, self.hosts.current, self.stop)


def read_job(algorithm: Algorithm, settings: TrainSettings, stop: Stop) -> TrainingJob:
    """Read and check everything under ``input/config``.

    Raises
    ------
    UserError
        One line for every hyperparameter and every channel at fault.
    """
    hosts = _read_hosts(settings, stop)
    problems: list[str] = []
    channels: dict[str, Channel] = {}
    raw = read_object(settings.config_dir / "inputdataconfig.json")
    known = {spec.name: spec for spec in algorithm.channels}
    for name, values in raw.items():
        try:
            channels[name] = _read_channel(name, values, known, settings, stop)
        except UserError as error:
            problems.append(str(error))
    problems += [f"channel {spec.name!r}: required" for spec in algorithm.channels if spec.required and spec.name not in raw]
    hyperparameters = None
    try:
        hyperparameters = algorithm.Hyperparameters.parse(read_object(settings.config_dir / "hyperparameters.json"))
    except UserError as error:
        problems.insert(0, str(error))
    if hyperparameters is None or problems:
        raise UserError("\n".join(problems))
    return TrainingJob(
        name=settings.job_name,
        hyperparameters=hyperparameters,
        channels=channels,
        hosts=hosts,
        settings=settings,
        checkpoint_dir=_local_path(settings, "checkpointconfig.json", "/opt/ml/checkpoints"),
        tensorboard_dir=_local_path(settings, "tensorboardoutputconfig.json", "/opt/ml/output/tensorboard")
        or (settings.root / "output" / "tensorboard" if settings.tensorboard else None),
        tuning_objective=hyperparameters.internal.get("_tuning_objective_metric") or None,
        stop=stop,
    )


def _read_hosts(settings: TrainSettings, stop: Stop) -> Hosts:
    """``resourceconfig.json``; without one, a single host."""
    section = Section(read_object(settings.config_dir / "resourceconfig.json"), "resourceconfig.json")
    current = checked_name(section.text("current_host", Hosts.current), "resourceconfig.json: current_host")
    names = tuple(sorted(set(section.texts("hosts")))) or (current,)
    if current not in names:
        raise UserError(f"resourceconfig.json: current_host {current!r} is not one of the hosts {', '.join(names)}")
    interface = section.text("network_interface_name") or None
    return Hosts(current, names, interface, dict(settings.addresses), stop=stop)


def _read_channel(name: str, values: Any, known: Mapping[str, ChannelSpec], settings: TrainSettings, stop: Stop) -> Channel:
    where = f"channel {name!r}"
    checked_name(name, where)
    spec = known.get(name)
    if spec is None:
        raise UserError(f"{where}: not a channel of this algorithm{did_you_mean(name, known)}; expected {', '.join(known)}")
    section = Section(values, where)
    content_type = section.text("ContentType")
    channel = Channel(
        name=name,
        path=settings.data_dir / name,
        content_type=MediaType.parse(content_type) if content_type else None,
        default_type=MediaType.parse(spec.content_types[0]) if spec.content_types else None,
        input_mode=section.choice("TrainingInputMode", "File", "FastFile", "Pipe"),
        distribution=section.choice("S3DistributionType", "FullyReplicated", "ShardedByS3Key"),
        record_wrapper=section.choice("RecordWrapperType", "None", "RecordIO"),
        compression=section.choice("CompressionType", "None", "Gzip"),
        attributes=section.texts("AttributeNames"),
        stop=stop,
    )
    if channel.input_mode not in spec.input_modes:
        raise UserError(
            f"{where}: TrainingInputMode: expected one of {', '.join(spec.input_modes)}, got {channel.input_mode!r}"
        )
    channel.media(spec)
    return channel


def _local_path(settings: TrainSettings, name: str, default: str) -> Path | None:
    """``LocalPath`` of a configuration file; None where there is no such file."""
    path = settings.config_dir / name
    return settings.locate(Section(read_object(path), name).text("LocalPath", default)) if path.is_file() else None

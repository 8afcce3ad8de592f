"""What to train on what, as a user asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from containers.algorithm import InputMode
from containers.config import checked_name
from containers.errors import UserError
from local_mode.backends import BackendName


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train on what. See `local_mode.train` for the fields.

    Raises
    ------
    UserError
        A field is out of range or names a channel that is not there.
    """

    algorithm: str
    channels: Mapping[str, str | Path]
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    instance_count: int = 1
    input_mode: InputMode = "File"
    content_type: str | None = None
    sharded: Sequence[str] = ()
    checkpoints: str | Path | None = None
    tensorboard: str | Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    backend: BackendName = "process"
    entry_point: str | None = None
    source_dir: str | Path | None = None

    def __post_init__(self) -> None:
        if self.instance_count < 1:
            raise UserError(f"instance_count: must be at least 1, got {self.instance_count}")
        for name in self.channels:
            checked_name(name, "channel")
        for name in self.sharded:
            if name not in self.channels:
                raise UserError(f"sharded: there is no channel {name!r}; the channels are {', '.join(self.channels)}")

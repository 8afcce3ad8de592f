"""Channels: the data of a job as streams, the same whether they lie in files or come through pipes."""

from containers.channels.channel import Channel
from containers.channels.part import Part

__all__ = ["Channel", "Part"]

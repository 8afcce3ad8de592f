"""Channels as matrices."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from algorithms.xgboost.framework import matrix
from containers.channels import Channel, files
from containers.content import tabular
from containers.content.layout import DELIMITERS
from containers.content.rebatch import join
from containers.media import MediaType

if TYPE_CHECKING:
    from xgboost import DMatrix

ROWS = 65_536


def get_dmatrix(
    data_path: str | Sequence[str] | None, content_type: str, csv_weights: int = 0, is_pipe: bool = False
) -> DMatrix | None:
    """The rows of a channel, read as the built-in algorithm reads them.

    Parameters
    ----------
    data_path
        Directory or file of a channel, or several; with `is_pipe` what its FIFOs' names begin with.
    content_type
        ``libsvm``, ``csv``, ``parquet``, ``recordio-protobuf``, or a media type.
    csv_weights
        1 where the second column of CSV is the weight of its row.

    Returns
    -------
    None where there are no data.
    """
    places = [data_path] if isinstance(data_path, str) else data_path or []
    media = MediaType.parse(content_type)
    channels = [
        Channel(Path(place).name, Path(place), media, input_mode="Pipe" if is_pipe else "File")
        for place in places
        if is_pipe or (Path(place).exists() and files.find(Path(place)))
    ]
    parts = chain.from_iterable(channel.open(0) for channel in channels)
    weights = csv_weights == 1
    batches = list(tabular.read(parts, media, rows=ROWS, missing=True, weights=weights, delimiters=DELIMITERS))
    return matrix(join(batches)) if batches else None


def get_size(data_path: str | None, is_pipe: bool = False) -> int:
    """Bytes of a channel's files; 1 for a pipe that is there, 0 where there is nothing."""
    if data_path is None:
        return 0
    if is_pipe:
        return int(Path(f"{data_path}_0").exists())
    return sum(path.stat().st_size for _, path in files.find(Path(data_path))) if Path(data_path).exists() else 0

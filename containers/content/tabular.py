"""Tables in and predictions out: the decoders and encoders of the algorithms that read rows of numbers.

Training and serving go through the same decoders, so the same bytes mean the same numbers.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from containers.batch import Batch, Predictions
from containers.content import encoders, jsons
from containers.content.layout import ANY, COMMA, Layout, Range
from containers.content.rebatch import join, rebatch
from containers.errors import UserError
from containers.media import CSV, JSON, JSONLINES, LIBSVM, PARQUET, RECORDIO, MediaType

if TYPE_CHECKING:
    from containers.channels import Part

    Decoder = Callable[[BinaryIO, str, Layout], Iterator[Batch]]

#: What errors call the body of a request.
SOURCE = "request"

#: Media type to the module that decodes it; imported when first used, so that serving CSV loads neither pyarrow nor protobuf.
DECODERS: Mapping[str, str] = {CSV: "csv", LIBSVM: "libsvm", RECORDIO: "protobuf", PARQUET: "parquet"}

ENCODERS: Mapping[str, Callable[[Predictions], bytes]] = {
    JSON: encoders.encode_json,
    JSONLINES: encoders.encode_jsonlines,
    CSV: encoders.encode_csv,
    RECORDIO: encoders.encode_recordio,
}


def read(
    parts: Iterable[Part],
    media: MediaType,
    *,
    rows: int,
    features: int | None = None,
    labels: int = 1,
    missing: bool = False,
    index_base: int = 0,
    targets: Range = ANY,
    weights: bool = False,
    delimiters: str = COMMA,
) -> Iterator[Batch]:
    """Decode the parts of a channel as one table.

    Parameters
    ----------
    parts
        The files or the pipe of a channel, in order; each is closed after its last row.
    media
        Their type; its parameter `label_size` wins over `labels`.
    rows
        Rows of a batch; all but the last hold exactly as many.
    features
        The width to insist on; by default that of the first row.
    labels
        Leading columns that are labels.
    missing
        Whether features may be missing or NaN; see `Layout`.
    index_base
        The number of the first feature in libsvm text.
    targets
        What a label may be.
    weights
        Whether the column of a CSV file after the labels is the weight of its row. Other formats say themselves whether they
        have weights.
    delimiters
        What may stand between the values of CSV, such as `layout.DELIMITERS`; where that is several characters, the first line
        of every part decides.

    Yields
    ------
    Batch
        float32, contiguous where dense, CSR where sparse. Memory is bounded by a few batches.

    Raises
    ------
    UserError
        Names the part, the line (from 1) or record (from 0) and the column, what was expected and what was found.
    """
    layout = Layout(label_size(media, labels), features, missing, index_base, targets, weights, delimiters, rows, bulk=True)
    return rebatch(_all(parts, _decoder(media), layout), rows)


def _all(parts: Iterable[Part], decode: Decoder, layout: Layout) -> Iterator[Batch]:
    """The batches of all parts, every one as wide as the first; all with query ids or none."""
    queries: bool | None = None
    for part in parts:
        with part:
            for batch in decode(part.stream, part.name, layout):
                if queries not in (None, batch.queries is not None):
                    raise UserError(f"{part.name}: expected qid:n in all rows or in none, as in the rows before")
                queries = batch.queries is not None
                yield batch
                if layout.features is None and not batch.is_sparse:
                    layout = replace(layout, features=batch.features.shape[1])


def _decoder(media: MediaType) -> Decoder:
    if media.name not in DECODERS:
        raise UserError(f"content type: expected one of {', '.join(DECODERS)}, got {media.name!r}")
    decoder: Decoder = import_module(f"containers.content.{DECODERS[media.name]}").read
    return decoder


def label_size(media: MediaType, default: int) -> int:
    """The `label_size` parameter of a media type.

    Raises
    ------
    UserError
        It is not a whole number.
    """
    text = media.parameters.get("label_size", str(default))
    if not text.isdecimal():
        raise UserError(f"content type {media.name}: label_size: expected a whole number, got {text!r}")
    return int(text)


class TabularCodec:
    """Requests to batches and predictions to responses, for a model over rows of numbers.

    Parameters
    ----------
    features
        Width of the model; requests of another are refused.
    accepts, returns
        Media types, the first of each being the default.
    missing, index_base, delimiters
        As in `read`.
    """

    def __init__(
        self,
        features: int,
        *,
        accepts: tuple[str, ...] = (RECORDIO, CSV, JSON, JSONLINES),
        returns: tuple[str, ...] = (JSON, JSONLINES, RECORDIO),
        missing: bool = False,
        index_base: int = 0,
        delimiters: str = COMMA,
    ) -> None:
        self.accepts = accepts
        self.returns = returns
        self._layout = Layout(0, features, missing, index_base, delimiters=delimiters, rows=1 << 20)

    def decode(self, body: bytes, content_type: MediaType) -> Batch:
        """The rows of a request. Labels are dropped; CSV and Parquet have them only where `label_size` says so.

        Raises
        ------
        UserError
            Names the line, record or instance and the column.
        """
        if content_type.name == JSON:
            return jsons.decode_json(body, SOURCE, self._layout)
        if content_type.name == JSONLINES:
            return jsons.decode_jsonlines(body, SOURCE, self._layout)
        layout = self._layout
        if "label_size" in content_type.parameters:
            layout = replace(layout, labels=label_size(content_type, 0))
        batches = list(_decoder(content_type)(io.BytesIO(body), SOURCE, layout))
        if not batches:
            raise UserError(f"{SOURCE}: expected at least one row, got none")
        return join(batches)

    def encode(self, predictions: Predictions, accept: MediaType) -> bytes:
        """The response in one of `returns`."""
        return ENCODERS[accept.name](predictions)

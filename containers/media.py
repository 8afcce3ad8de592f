"""Media types: the `text/csv; label_size=0` in content types, `Accept` headers and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

CSV = "text/csv"
LIBSVM = "text/libsvm"
JSON = "application/json"
JSONLINES = "application/jsonlines"
RECORDIO = "application/x-recordio-protobuf"
PARQUET = "application/x-parquet"

#: Spellings seen in AWS's documents, notebooks and SDKs.
ALIASES = {
    "csv": CSV,
    "libsvm": LIBSVM,
    "text/x-libsvm": LIBSVM,
    "json": JSON,
    "jsonlines": JSONLINES,
    "application/x-jsonlines": JSONLINES,
    "application/jsonl": JSONLINES,
    "recordio-protobuf": RECORDIO,
    "application/x-recordio": RECORDIO,
    "parquet": PARQUET,
    "application/parquet": PARQUET,
}


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type without its parameters, in lower case, and the parameters."""

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> MediaType:
        """Read ``text/csv; label_size=1``; names compare without case, quotes around values are dropped."""
        name, *rest = text.split(";")
        name = name.strip().lower()
        parameters = {}
        for part in rest:
            key, _, value = part.partition("=")
            if key.strip():
                parameters[key.strip().lower()] = value.strip().strip('"')
        return cls(ALIASES.get(name, name), parameters)

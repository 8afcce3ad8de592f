"""What the decoders hand to a tabular algorithm, and what it hands back to the encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of a table.

    Attributes
    ----------
    features
        shape: (rows, features), float32; a `csr_array` where the data are sparse.
    labels
        shape: (rows,) or (rows, k), float32; None where the data carry none.
    weights
        shape: (rows,), float32; None where the data carry none.
    uids
        The ids of RecordIO records in a request, for its answer.
    queries
        shape: (rows,), int64: the query that a row belongs to, the ``qid`` of libsvm text; None where the data carry none.
    """

    features: Any  # NDArray[np.float32] or csr_array
    labels: NDArray[np.float32] | None = None
    weights: NDArray[np.float32] | None = None
    uids: Sequence[str] | None = None
    queries: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return int(self.features.shape[0])

    @property
    def is_sparse(self) -> bool:
        return not isinstance(self.features, np.ndarray)


@dataclass(frozen=True, slots=True)
class Predictions:
    """Named columns, one row per row of the request.

    Attributes
    ----------
    columns
        name to array, shape: (rows,) or (rows, k); in the order in which they are written. Integer arrays are written as
        integers in JSON.
    uids
        The requests' record ids, echoed in RecordIO responses.
    """

    columns: Mapping[str, NDArray[np.generic]]
    uids: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

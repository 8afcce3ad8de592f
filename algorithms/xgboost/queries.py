"""Rows of one query stay together: xgboost takes those at the beginning of a batch for a query of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from containers.batch import Batch
from containers.content.rebatch import cut, join
from containers.errors import UserError

log = logging.getLogger(__name__)


def whole_queries(batches: Iterable[Batch], where: str) -> Iterator[Batch]:
    """The same rows in batches that end where a query does, queries numbered from 0 in the order in which they come.

    Batches without query ids pass as they are, at a warning: xgboost then takes all rows for one query.

    Raises
    ------
    UserError
        The rows of a query do not follow each other; names `where` and the query.
    """
    seen: set[int] = set()
    pending: list[Batch] = []
    warned = False
    for batch in batches:
        if batch.queries is None:
            if not warned:
                log.warning(
                    "%s: no row has a qid, so all rows are ranked as one query; only libsvm can tell queries apart", where
                )
            warned = True
            yield batch
            continue
        batch = join([*pending, batch])
        assert batch.queries is not None  # noqa: S101 as neither part is without
        last = int(starts(batch.queries)[-1])
        if last:
            yield _numbered(cut(batch, 0, last), seen, where)
        pending = [cut(batch, last, len(batch))]
    for batch in pending:
        yield _numbered(batch, seen, where)


def query_weights(batch: Batch) -> NDArray[np.float32]:
    """The weight of each query, shape: (queries,), as xgboost wants it when it ranks.

    Raises
    ------
    UserError
        The rows of a query differ in weight.
    """
    assert batch.queries is not None and batch.weights is not None  # noqa: S101 as asked for
    first = starts(batch.queries)
    weights = batch.weights[first]
    unlike = batch.weights != np.repeat(weights, np.diff(first, append=len(batch)))
    if unlike.any():
        row = int(unlike.argmax())
        raise UserError(
            f"weight {batch.weights[row]:g}: expected {weights[first.searchsorted(row, 'right') - 1]:g}, as its "
            "query has in the rows before: where queries are ranked, a weight is a query's"
        )
    return weights


def starts(queries: NDArray[np.int64]) -> NDArray[np.intp]:
    """The first row of each query, shape: (queries,)."""
    return np.flatnonzero(np.diff(queries, prepend=queries[:1] - 1))


def _numbered(batch: Batch, seen: set[int], where: str) -> Batch:
    assert batch.queries is not None  # noqa: S101 as `whole_queries` has seen to
    first = starts(batch.queries)
    numbers = np.arange(len(seen), len(seen) + len(first))
    for query in batch.queries[first].tolist():
        if query in seen:
            raise UserError(f"{where}: the rows of query {query} do not follow each other: qid:{query} comes back after others")
        seen.add(query)
    return replace(batch, queries=np.repeat(numbers, np.diff(first, append=len(batch))))

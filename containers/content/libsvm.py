"""libsvm text: ``label[:weight] [qid:n] index:value ...``, one row a line; ``#`` begins a comment.

Indices count from `Layout.index_base`. It is never guessed from the data: the same rows, split or sampled, would then mean
other features.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from containers.batch import Batch
from containers.content import sniff
from containers.content.bulk import Kernels, in_order
from containers.content.layout import Layout, shown
from containers.content.lines import blocks
from containers.errors import UserError
from containers.media import CSV

# Possessive throughout: a hostile line takes no longer than a good one.
NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)(?:e[+-]?\d++)?"
END = r"(?=\s|\Z)"
PAIR = rf"\d{{1,15}}+:(?:{NUMBER}|[+-]?nan){END}"
REST = rf"(?:\s*+qid:(?P<query>\d{{1,18}}+){END})?+(?P<pairs>(?:\s*+{PAIR})*+)\s*"
LABELLED = re.compile(rf"\s*(?P<label>{NUMBER})(?::(?P<weight>{NUMBER}))?{END}{REST}".encode(), re.IGNORECASE)
#: In a request the label may be absent, so that what has a colon is a feature.
UNLABELLED = re.compile(rf"\s*(?:{NUMBER}{END})?{REST}".encode(), re.IGNORECASE)
TOKEN = re.compile(PAIR.encode(), re.IGNORECASE)
COMMENT = re.compile(rb"#[^\n]*")
#: To load numba takes 0.7 s, in which `plain` reads about as much.
KERNELS = Kernels(after=16 << 20)


def read(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    """Decode a stream block by block into CSR batches.

    With `layout.labels` each row begins with a label, and `Batch.weights` holds the weights, 1 where a row gives none. Without,
    a label may be there, but no weight, and is dropped. Either all rows have a query id, or none.

    Without `layout.features` a batch is as wide as the widest row so far: widths grow.

    Raises
    ------
    UserError
        A line of another form, an index outside the width or twice in a row; names `source` and the line, from 1.
    """
    widest = 0
    for batch in _batches(stream, source, layout):
        if len(batch):
            widest = max(widest, batch.features.shape[1])
            batch.features.resize(len(batch), widest)
            yield batch


def _batches(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    texts = blocks(stream, source)
    for block, line in texts:
        # The kernel knows rows with a label; those without come in requests.
        kernels = KERNELS.earned(stream, block) if layout.bulk and layout.labels else None
        yield decode(block, line, source, layout, kernels)
        if kernels:
            yield from in_order(partial(decode, source=source, layout=layout, kernels=kernels), texts)


def decode(block: bytes, line: int, source: str, layout: Layout, kernels: ModuleType | None) -> Batch:
    """The rows of a block whose first line is number `line`, as wide as its widest."""
    text = COMMENT.sub(b"", block) if b"#" in block else block
    batch = compiled(text, layout, kernels) if kernels else None
    return plain(text, line, source, layout) if batch is None else batch


def compiled(text: bytes, layout: Layout, kernels: ModuleType) -> Batch | None:
    """The rows of a block, or None where `plain` has to look."""
    if not text.endswith(b"\n"):
        text += b"\n"
    rows, pairs = len(text) // 2, len(text) // 4 + 1  # of at least so many bytes: "1\n", " 0:1"
    labels, weights, queries = np.empty(rows, np.float32), np.empty(rows, np.float32), np.empty(rows, np.int64)
    starts, indices, values = np.empty(rows + 1, np.int32), np.empty(pairs, np.int32), np.empty(pairs, np.float32)
    columns = labels, weights, queries, starts, indices, values
    rows, queried, largest = kernels.rows(np.frombuffer(text, np.uint8), layout.index_base, *columns)
    width = layout.features or largest + 1
    if rows < 0 or 0 < queried < rows or width <= largest:
        return None
    labels, weights, starts = labels[:rows], weights[:rows], starts[: rows + 1]
    indices, values = indices[: starts[-1]], values[: starts[-1]]
    if not layout.fits(values, labels, weights):
        return None
    features = csr_array((values, indices, starts), shape=(rows, width))
    features.has_canonical_format = True
    return Batch(features, labels, weights, queries=queries[:rows] if queried else None)


def plain(text: bytes, line: int, source: str, layout: Layout) -> Batch:
    """The rows of a block."""
    form = LABELLED if layout.labels else UNLABELLED
    lines: list[int] = []
    labels: list[bytes] = []
    weights: list[bytes] = []
    queries: list[bytes | None] = []
    pairs: list[bytes] = []
    for number, row in enumerate(text.split(b"\n"), line):
        if not row or row.isspace():
            continue
        match = form.fullmatch(row)
        if match is None:
            _refuse(row, f"{source}, line {number}", layout)
        lines.append(number)
        pairs.append(match["pairs"])
        queries.append(match["query"])
        if layout.labels:
            labels.append(match["label"])
            weights.append(match["weight"] or b"1")
    starts = np.concatenate([[0], np.cumsum([tail.count(b":") for tail in pairs], dtype=np.int64)])
    flat = _floats(b" ".join(pairs).replace(b":", b" ").split())
    indices, values = flat[::2].astype(np.int64) - layout.index_base, _float32(flat[1::2])
    width = layout.features or int(indices.max(initial=-1)) + 1
    rows = np.repeat(np.arange(len(lines)), np.diff(starts))

    def refuse(at: int, reason: str) -> NoReturn:
        pair = pairs[rows[at]].split()[at - starts[rows[at]]].decode()
        raise UserError(f"{source}, line {lines[rows[at]]}: {reason}, got {pair!r}")

    outside = (indices < 0) | (indices >= width)
    if outside.any():
        last = f" to {width - 1 + layout.index_base}" if layout.features else ""
        refuse(int(outside.argmax()), f"expected an index from {layout.index_base}{last}")
    if (unfit := layout.unfit(values)) is not None:
        refuse(unfit, f"expected {layout.value}")
    small = np.int32 if width < 1 << 31 else np.int64
    features = csr_array((values, indices.astype(small), starts.astype(small)), shape=(len(lines), width))
    features.sort_indices()
    if not features.has_canonical_format:
        at = int(((np.diff(features.indices) == 0) & (np.diff(rows) == 0)).argmax())
        index = features.indices[at] + layout.index_base
        raise UserError(f"{source}, line {lines[rows[at]]}: index {index} occurs twice")
    if not layout.labels:
        return Batch(features)
    targets, shares = _float32(_floats(labels)), _float32(_floats(weights))
    if (unfit := layout.unfit_label(targets)) is not None:
        raise UserError(f"{source}, line {lines[unfit]}: expected {layout.label}, got {labels[unfit].decode()!r}")
    if (unfit := layout.unfit_weight(shares)) is not None:
        raise UserError(f"{source}, line {lines[unfit]}: expected {layout.weight}, got {weights[unfit].decode()!r}")
    given = [query for query in queries if query is not None]
    if 0 < len(given) < len(lines):
        other = next(at for at, query in enumerate(queries) if (query is None) != (queries[0] is None))
        raise UserError(f"{source}, line {lines[other]}: expected qid:n in all rows or in none")
    return Batch(features, targets, shares, queries=np.array(given, np.int64) if given else None)


def _floats(tokens: list[bytes]) -> NDArray[np.float64]:
    return np.fromiter(map(float, tokens), np.float64, len(tokens))


def _float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _refuse(row: bytes, where: str, layout: Layout) -> NoReturn:
    """Name the first token of a line that has another form than it should."""
    if sniff.is_csv(text := row.decode(errors="replace")):
        raise UserError(f"{where}: this looks like CSV; set content_type to {CSV}: {shown(text)}")
    first, *rest = row.split()
    expected = layout.label if layout.labels else "a label or index:value"
    if (LABELLED if layout.labels else UNLABELLED).fullmatch(first):
        expected = "index:value"
        first = next((token for token in rest if not TOKEN.fullmatch(token)), row)
    raise UserError(f"{where}: expected {expected}, got {shown(first.decode(errors='replace'))}")

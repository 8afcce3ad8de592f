"""CSV: one row a line, the labels first, no header row.

numpy's own text reader does the parsing, and `kernels.table` where there is much to read; where numpy refuses a block, a slow
second pass over the block finds the line and the column. Numbers are read as float64 and rounded to float32, as in every other
decoder. numpy is the one that a request of one row can afford: 3 us, no import.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from types import ModuleType
from typing import BinaryIO, NoReturn

import numpy as np
from numpy.typing import NDArray

from containers.batch import Batch
from containers.content import sniff
from containers.content.bulk import Kernels, in_order
from containers.content.layout import Layout, plural, shown
from containers.content.lines import blocks
from containers.errors import UserError
from containers.media import LIBSVM

FIRST_LINE = re.compile(rb"[\r\n]*+[^\n]*+")
BLANK_LINE = re.compile(rb"^[ \t]++(?=\r?$)", re.MULTILINE)
#: Blanks around the values of a line, and all but one between two.
EXTRA_BLANKS = re.compile(rb"^ ++| ++(?=\r?$)|(?<= ) ++", re.MULTILINE)
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks"}
#: To load numba takes 0.7 s, in which numpy reads about as much.
KERNELS = Kernels(after=128 << 20)


def read(stream: BinaryIO, source: str, layout: Layout) -> Iterator[Batch]:
    """Decode a stream block by block.

    Fields may be quoted, lines may end in CRLF, blank lines are skipped. With `layout.missing` an empty field is NaN; where
    blanks delimit, several are as one, and no field is empty.

    Raises
    ------
    UserError
        A header row, a field that is not a number, or a row of another width; names `source`, line and column, both from 1.
    """
    texts = ((block, line) for block, line in blocks(stream, source) if not block.isspace())
    for block, line in texts:
        if len(layout.delimiters) > 1:
            layout = replace(layout, delimiters=sniff.delimiter(block, layout.delimiters))
        kernels = KERNELS.earned(stream, block) if layout.bulk else None
        batch = decode(block, line, source, layout, kernels)
        if layout.features is None:
            layout = replace(layout, features=batch.features.shape[1])
        yield batch
        if kernels:
            yield from in_order(partial(decode, source=source, layout=layout, kernels=kernels), texts)


def decode(block: bytes, line: int, source: str, layout: Layout, kernels: ModuleType | None) -> Batch:
    """The rows of a block, which is not blank, and whose first line is number `line`."""
    table = compiled(block, layout, kernels) if kernels else None
    if table is None:
        table = plain(block, line, source, layout)
    expected = None if layout.features is None else layout.leading + layout.features
    if table.shape[1] <= layout.leading or table.shape[1] != (expected or table.shape[1]):
        _refuse(block, line, source, layout, "the width is wrong")
    features = table[:, layout.leading :]
    labels = None if not layout.labels else table[:, 0] if layout.labels == 1 else table[:, : layout.labels]
    weights = table[:, layout.labels] if layout.weights else None
    if not layout.fits(features, labels, weights):
        _refuse(block, line, source, layout, "a value does not fit")
    return Batch(features, labels, weights)


def compiled(block: bytes, layout: Layout, kernels: ModuleType) -> NDArray[np.float32] | None:
    """All values of a block, shape: (rows, columns), or None where `plain` has to look."""
    text = block if block.endswith(b"\n") else block + b"\n"
    delimiter = layout.delimiters.encode()
    columns = FIRST_LINE.match(text)[0].count(delimiter) + 1  # type: ignore[index]  # it always matches
    table = np.empty((len(text) // columns, columns), np.float32)  # a row has at least a byte a column
    rows = kernels.table(np.frombuffer(text, np.uint8), delimiter[0], layout.missing, table)
    return None if rows < 0 else table[:rows]


def plain(block: bytes, line: int, source: str, layout: Layout) -> NDArray[np.float32]:
    """All values of a block, shape: (rows, columns)."""
    text = block
    if layout.delimiters == " ":
        text = EXTRA_BLANKS.sub(b"", text)
    elif layout.missing and _has_empty_fields(text, layout.delimiters.encode()):
        first, others = _empty_fields(layout.delimiters)
        text = first.sub(b"nan", others.sub(rb"\g<0>nan", text))
    try:
        return _parse(text, layout.delimiters)
    except ValueError:
        try:  # numpy skips empty lines, not blank ones; they are rare, so only now is time spent on them
            return _parse(BLANK_LINE.sub(b"", text), layout.delimiters)
        except ValueError as error:
            _refuse(block, line, source, layout, str(error))


def _has_empty_fields(text: bytes, delimiter: bytes) -> bool:
    """Whether a field may be empty: four searches, many times as fast as the expressions."""
    pairs = (delimiter + delimiter, delimiter + b"\n", delimiter + b"\r", b"\n" + delimiter)
    return text.startswith(delimiter) or text.endswith(delimiter) or any(pair in text for pair in pairs)


@lru_cache
def _empty_fields(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Where the first field of a line is empty, and the delimiters before the other empty ones."""
    one = re.escape(delimiter.encode())
    return re.compile(rb"^(?=%b)" % one, re.MULTILINE), re.compile(rb"%b(?=[%b\r\n]|\Z)" % (one, one))


def _parse(text: bytes, delimiter: str) -> NDArray[np.float32]:
    return np.loadtxt(io.BytesIO(text), np.float32, delimiter=delimiter, comments=None, quotechar='"', ndmin=2)


def _refuse(block: bytes, line: int, source: str, layout: Layout, reason: str) -> NoReturn:
    """Find the first line of a block that is at fault, and say what is wrong with it."""
    delimiter = layout.delimiters
    for number, text in enumerate(block.decode("utf-8", "replace").split("\n"), line):
        text = text.removesuffix("\r")
        if not text.strip(" \t"):
            continue
        where = f"{source}, line {number}"
        if "\r" in text:
            raise UserError(f"{where}: expected lines that end in LF or CRLF, got a CR inside the line")
        if sniff.is_libsvm(text):
            raise UserError(f"{where}: this looks like libsvm; set content_type to {LIBSVM}: {shown(text)}")
        try:
            fields = next(csv.reader([" ".join(text.split()) if delimiter == " " else text], delimiter=delimiter))
        except csv.Error as error:  # an enormous field
            raise UserError(f"{where}: not CSV: {error}") from None
        for other, name in NAMES.items():
            parts = text.strip(" ").split(other)
            if len(fields) == 1 and len(parts) > 1 and all(_is_number(part, missing=True) for part in parts):
                raise UserError(f"{where}: expected {NAMES[delimiter]} between the values, got {name}: {shown(text)}")
        if number == 1 and not any(_is_number(field, missing=True) for field in fields):
            names = ", ".join(shown(name) for name in fields[:3]) + (", ..." if len(fields) > 3 else "")
            raise UserError(f"{where}: a header row ({names}); expected numbers only: remove the first line")
        expected = None if layout.features is None else layout.leading + layout.features
        if len(fields) <= layout.leading or len(fields) != (expected or len(fields)):
            raise UserError(f"{where}: expected {layout.columns}, got {plural(len(fields), 'column')}")
        for column, field in enumerate(fields):
            if column < layout.labels:
                if not _is_number(field, missing=False) or layout.unfit_label(np.array([float(field)], np.float32)) is not None:
                    raise UserError(f"{where}, column {column + 1}: expected {layout.label}, got {shown(field)}")
            elif column < layout.leading:
                if not _is_number(field, missing=False) or float(field) < 0:
                    raise UserError(f"{where}, column {column + 1}: expected {layout.weight}, got {shown(field)}")
            elif not _is_number(field, layout.missing):
                raise UserError(f"{where}, column {column + 1}: expected {layout.value}, got {shown(field)}")
        layout = replace(layout, features=len(fields) - layout.leading)
    raise UserError(f"{source}, from line {line}: not CSV: {reason}")


def _is_number(field: str, missing: bool) -> bool:
    """Whether the field holds a float32, as numpy's reader would read it; or nothing, or NaN, where that is allowed."""
    if missing and field == "":
        return True
    try:
        value = float(field)
    except ValueError:
        return False
    if "_" in field or not field.isascii():  # what float() reads and numpy's reader does not
        return False
    with np.errstate(over="ignore"):
        return bool(np.isfinite(np.float32(value))) or (missing and math.isnan(value))

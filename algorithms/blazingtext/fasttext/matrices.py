"""Matrices as fastText stores them, dense or product-quantised, and what compiled code does with their rows.

Source: Jégou et al. 2011, "Product Quantization for Nearest Neighbor Search"; Joulin et al. 2016, "FastText.zip".
"""

from __future__ import annotations

from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from algorithms.blazingtext.fasttext.cursor import Cursor
from algorithms.blazingtext.fasttext.memory import CACHE_LINE, fetch

#: Centroids of a sub-quantiser: a code is a byte.
CENTROIDS = 256


class Quantised(NamedTuple):
    """Rows cut into stretches of `dsub` values, the last perhaps shorter; each is the number of a centroid.

    Attributes
    ----------
    width
        Values of a row.
    dsub
        Values of a stretch.
    codes
        shape: (rows, stretches), uint8.
    centroids
        shape: (width x 256,), float32: stretch by stretch, centroid by centroid.
    norm_codes
        shape: (rows,), uint8, or empty where rows are not scaled.
    norms
        shape: (256,), float32, or empty: what a row with that code is multiplied by.
    """

    width: int
    dsub: int
    codes: NDArray[np.uint8]
    centroids: NDArray[np.float32]
    norm_codes: NDArray[np.uint8]
    norms: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.codes), self.width


Matrix = NDArray[np.float32] | Quantised


def read(cursor: Cursor, quantised: bool, what: str) -> Matrix:
    """The matrix at the cursor; raises as `Cursor`."""
    if not quantised:
        rows, width = cursor.number("<i8", f"rows of {what}"), cursor.number("<i8", f"columns of {what}")
        return cursor.array("<f4", (rows, width), what)
    scaled = cursor.flag(f"whether {what} holds norms")
    rows, width = cursor.number("<i8", f"rows of {what}"), cursor.number("<i8", f"columns of {what}")
    size = cursor.number("<i4", f"bytes of the codes of {what}")
    codes = cursor.array("u1", (size,), f"codes of {what}")
    dsub, stretches, centroids = _read_quantiser(cursor, width, what)
    if size != rows * stretches:
        raise cursor.error(f"{rows:,} rows of {stretches} codes before it, the codes of {what}, got {size:,} codes")
    norm_codes, norms = codes[:0], centroids[:0]
    if scaled:
        norm_codes = cursor.array("u1", (rows,), f"codes of the norms of {what}")
        norms = _read_quantiser(cursor, 1, f"the norms of {what}")[2]
    return Quantised(width, dsub, codes.reshape(rows, stretches), centroids, norm_codes, norms)


def _read_quantiser(cursor: Cursor, width: int, what: str) -> tuple[int, int, NDArray[np.float32]]:
    """Values of a stretch, number of stretches, centroids."""
    dim, stretches, dsub, last = (int(value) for value in cursor.array("<i4", (4,), f"sizes of the quantiser of {what}"))
    if dim != width or dsub < 1 or (stretches - 1) * dsub + last != dim or not 0 < last <= dsub:
        raise cursor.error(
            f"sizes before it that make {width} columns, got {stretches} stretches of {dsub}, the last of {last}"
        )
    return dsub, stretches, cursor.array("<f4", (dim * CENTROIDS,), f"centroids of {what}")


def write(matrix: Matrix, file: BinaryIO) -> None:
    """Write a matrix as `read` reads it."""
    if not isinstance(matrix, Quantised):
        np.array(matrix.shape, "<i8").tofile(file)
        np.asarray(matrix, "<f4").tofile(file)
        return
    np.array([len(matrix.norms) > 0], "u1").tofile(file)
    np.array(matrix.shape, "<i8").tofile(file)
    np.array([matrix.codes.size], "<i4").tofile(file)
    matrix.codes.tofile(file)
    _write_quantiser(matrix.width, matrix.dsub, matrix.centroids, file)
    if len(matrix.norms):
        matrix.norm_codes.tofile(file)
        _write_quantiser(1, 1, matrix.norms, file)


def _write_quantiser(width: int, dsub: int, centroids: NDArray[np.float32], file: BinaryIO) -> None:
    stretches = -(-width // dsub)
    np.array([width, stretches, dsub, width - (stretches - 1) * dsub], "<i4").tofile(file)
    np.asarray(centroids, "<f4").tofile(file)


def add_row(matrix: Any, row: Any, total: Any) -> None:
    """Add a row to a vector, shape: (columns,), float32. In compiled code only."""
    raise NotImplementedError


def fetch_row(matrix: Any, row: Any) -> None:
    """Have a row fetched from memory while something else is computed. In compiled code only."""
    raise NotImplementedError


@overload(fetch_row)
def _fetch_row(matrix, row):  # type: ignore[no-untyped-def]
    if isinstance(matrix, types.Array):

        def dense(matrix, row):  # type: ignore[no-untyped-def]
            begin = np.int64(row) * matrix.shape[1]
            for i in range(0, matrix.shape[1], CACHE_LINE // 4):
                fetch(matrix, begin + i)

        return dense

    def quantised(matrix, row):  # type: ignore[no-untyped-def]
        fetch(matrix.codes, np.int64(row) * matrix.codes.shape[1])

    return quantised


def rows_of(matrix: Any) -> Any:
    """The number of rows of a matrix. In compiled code only."""
    raise NotImplementedError


@overload(rows_of)
def _rows_of(matrix):  # type: ignore[no-untyped-def]
    if isinstance(matrix, types.Array):
        return lambda matrix: matrix.shape[0]
    return lambda matrix: matrix.codes.shape[0]


def dot_row(matrix: Any, row: Any, vector: Any) -> Any:
    """The inner product of a row and a vector. In compiled code only."""
    raise NotImplementedError


@overload(add_row, jit_options={"fastmath": True, "forceinline": True})
def _add_row(matrix, row, total):  # type: ignore[no-untyped-def]
    if isinstance(matrix, types.Array):

        def dense(matrix, row, total):  # type: ignore[no-untyped-def]
            for i in range(total.size):
                total[i] += matrix[row, i]

        return dense

    def quantised(matrix, row, total):  # type: ignore[no-untyped-def]
        scale = matrix.norms[matrix.norm_codes[row]] if matrix.norms.size else np.float32(1)
        for m in range(matrix.codes.shape[1]):
            begin = m * matrix.dsub
            size = min(matrix.dsub, matrix.width - begin)
            at = begin * 256 + np.int64(matrix.codes[row, m]) * size
            for i in range(size):
                total[begin + i] += scale * matrix.centroids[at + i]

    return quantised


@overload(dot_row, jit_options={"fastmath": True, "forceinline": True})
def _dot_row(matrix, row, vector):  # type: ignore[no-untyped-def]
    if isinstance(matrix, types.Array):

        def dense(matrix, row, vector):  # type: ignore[no-untyped-def]
            total = np.float32(0)
            for i in range(vector.size):
                total += matrix[row, i] * vector[i]
            return total

        return dense

    def quantised(matrix, row, vector):  # type: ignore[no-untyped-def]
        scale = matrix.norms[matrix.norm_codes[row]] if matrix.norms.size else np.float32(1)
        total = np.float32(0)
        for m in range(matrix.codes.shape[1]):
            begin = m * matrix.dsub
            size = min(matrix.dsub, matrix.width - begin)
            at = begin * 256 + np.int64(matrix.codes[row, m]) * size
            for i in range(size):
                total += vector[begin + i] * matrix.centroids[at + i]
        return total * scale

    return quantised

"""Matrices for the kernels, whose rows begin at cache lines and are whole vectors of the processor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Numbers in a cache line of 64 bytes, and in a vector of AVX-512.
LINE = 16
#: Rows that are drawn or moved at a time.
_ROWS = 1 << 14


def stride(dim: int) -> int:
    """Numbers in a row of a matrix with `dim` columns: the rest are zero, and stay zero."""
    return -(-dim // LINE) * LINE


def zeros(rows: int, dim: int) -> NDArray[np.float32]:
    """All zero; shape: (rows, stride), float32."""
    width = stride(dim)
    memory = np.zeros(rows * width + LINE, np.float32)
    start = -memory.ctypes.data // memory.itemsize % LINE
    return memory[start : start + rows * width].reshape(rows, width)


def draw(matrix: NDArray[np.float32], dim: int, seed: int) -> None:
    """Fill `dim` columns evenly from -1 / dim to 1 / dim, as fastText and gensim do."""
    generator = np.random.default_rng(seed)
    for start in range(0, len(matrix), _ROWS):
        part = matrix[start : start + _ROWS, :dim]
        part[:] = generator.random(part.shape, np.float32) * (2 / dim) - 1 / dim


def packed(matrix: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The first `dim` columns as a contiguous matrix, made in the memory of the old one, which is no longer one."""
    flat = matrix.reshape(-1)
    for start in range(0, len(matrix), _ROWS):
        part = matrix[start : start + _ROWS, :dim].copy()
        flat[start * dim : start * dim + part.size] = part.reshape(-1)
    return flat[: len(matrix) * dim].reshape(len(matrix), dim)

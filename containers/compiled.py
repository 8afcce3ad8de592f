"""Loops that numba compiles, and where it keeps what it compiled.

Importing this module and calling a first function takes 0.7 s and 80 MB: do so inside functions that have much to compute.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from numba import njit
from numba.core.caching import InTreeCacheLocator


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of numbers and arrays when it is first called; it runs without the GIL.

    The machine code is kept in `__pycache__` beside the source, in the user's cache directory where that cannot be written, or
    in ``NUMBA_CACHE_DIR``. Where none of them can be written, every process compiles anew.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # numba found no directory
        return njit(**options)(function)


#: Make what a function does part of the loop that calls it, a seventh faster than a call; nothing of it is kept by itself.
inlined = njit(inline="always", error_model="numpy")


class Shipped(InTreeCacheLocator):
    """Machine code in `__pycache__` that came with the source and is only read.

    numba's own locators pass over a directory that they cannot write. An image names this one first in
    ``NUMBA_CACHE_LOCATOR_CLASSES``, and one processor for all machines in ``NUMBA_CPU_NAME``, as code for another is not used.
    """

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Self | None:
        locator = cls(py_func, py_file)
        shipped = Path(locator.get_cache_path()).glob(f"{Path(py_file).stem}.{py_func.__qualname__}-*.nbi")
        return locator if any(shipped) else None

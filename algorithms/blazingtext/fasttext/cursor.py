"""A binary file read from front to back without being copied: what is read is a view of the mapped file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from containers.errors import UserError


class Cursor:
    """A position in a mapped file; all numbers are little-endian.

    Raises
    ------
    UserError
        From every method, where the file does not hold what is expected: names the file, the byte, and what was expected.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        # numpy cannot map a file without bytes
        self._bytes: NDArray[np.uint8] = (
            np.asarray(np.memmap(path, np.uint8, "r")) if path.stat().st_size else np.empty(0, "u1")
        )
        self.position = 0

    @property
    def rest(self) -> NDArray[np.uint8]:
        """All that is not read yet."""
        return self._bytes[self.position :]

    def array(self, dtype: DTypeLike, shape: tuple[int, ...], what: str) -> NDArray[Any]:
        """The next values; not aligned where the file does not happen to align them."""
        if min(shape) < 0:
            raise self.error(f"a size of at least 0 for {what}, got {min(shape)}")
        count = int(np.prod(shape, dtype=object))
        size = count * np.dtype(dtype).itemsize
        left = len(self._bytes) - self.position
        if size > left:
            raise self.error(f"{what}, {size:,} bytes, but the file ends after {left:,} of them")
        view = self._bytes[self.position : self.position + size].view(dtype)
        self.position += size
        return view.reshape(shape)

    def number(self, dtype: DTypeLike, what: str) -> int:
        """The next value, an integer."""
        return int(self.array(dtype, (1,), what)[0])

    def flag(self, what: str) -> bool:
        """The next byte, 0 or 1."""
        value = self.number("u1", what)
        if value > 1:
            self.position -= 1
            raise self.error(f"0 or 1, {what}, got {value}")
        return bool(value)

    def error(self, expected: str) -> UserError:
        """What to raise where something else was expected at the present position."""
        return UserError(f"{self._name}: expected at byte {self.position:,}: {expected}")

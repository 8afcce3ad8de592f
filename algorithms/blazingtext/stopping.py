"""When a classifier stops early, and what it goes back to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext.kernels.supervised import used_rows


@dataclass
class EarlyStopping:
    """Ends training once the accuracy has not risen for some epochs.

    Attributes
    ----------
    patience
        Epochs in a row without a new best after which training ends.
    min_epochs
        Epochs before which it does not; more than there are means that it never does.
    """

    patience: int
    min_epochs: int
    best: float = field(default=-np.inf, init=False)
    epochs: int = field(default=0, init=False)
    waited: int = field(default=0, init=False)

    def improves(self, accuracy: float) -> bool:
        """Whether the accuracy of one more epoch is a new best; a tie is not."""
        self.epochs += 1
        if accuracy > self.best:
            self.best, self.waited = accuracy, 0
            return True
        self.waited += 1
        return False

    @property
    def ends(self) -> bool:
        return self.epochs >= self.min_epochs and self.waited >= self.patience


@dataclass(frozen=True)
class Snapshot:
    """A copy of a classifier's matrices, of the input matrix only the rows that are not zero: most buckets are never used."""

    rows: NDArray[np.int64]
    input: NDArray[np.float32]
    output: NDArray[np.float32]

    @classmethod
    def of(cls, input: NDArray[np.float32], output: NDArray[np.float32]) -> Snapshot:
        rows = np.flatnonzero(used_rows(input))
        return cls(rows, input[rows], output.copy())

    def restore(self, input: NDArray[np.float32], output: NDArray[np.float32]) -> None:
        """Put the matrices back, in place, to what they were."""
        later = used_rows(input)
        later[self.rows] = False
        input[later] = 0
        input[self.rows] = self.input
        output[:] = self.output

"""What every decoder is told about the rows it reads, and the words in which it refuses them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from containers.errors import UserError

COMMA = ","
#: What XGBoost's CSV may have between the values.
DELIMITERS = ",;\t| "


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`: without `low` itself if they are `above` it, without fractions if they are `whole`."""

    low: float = -math.inf
    high: float = math.inf
    above: bool = False
    whole: bool = False

    @classmethod
    def classes(cls, count: int) -> Range:
        """Whole numbers from 0, below `count`."""
        return cls(0, count - 1, whole=True)

    def __str__(self) -> str:
        """In words, such as ``a whole number from 0 to 9``."""
        kind = "a whole number" if self.whole else "a finite number" if self == ANY else "a number"
        low = "" if self.low == -math.inf else f" above {self.low:g}" if self.above else f" from {self.low:g}"
        return kind + low + ("" if self.high == math.inf else f" to {self.high:g}")

    def unfit(self, values: NDArray[np.float32]) -> int | None:
        """Flat index of the first value outside, or that is no finite number; None where there is none."""
        fit = np.isfinite(values) & (values <= self.high) & (values > self.low if self.above else values >= self.low)
        if self.whole:
            fit &= values == np.floor(values)
        return None if fit.all() else int(fit.argmin())


#: Every finite number.
ANY = Range()


@dataclass(frozen=True, slots=True)
class Layout:
    """How the values of a row are laid out.

    Attributes
    ----------
    labels
        Leading values that are labels; 0 where the rows carry none or it is not wanted.
    features
        Values that follow; None where the first row decides.
    missing
        Whether a feature may be absent (an empty field, ``null``) or NaN; it is NaN in the batch. A label never may, and
        infinite values are always refused.
    index_base
        The number of the first feature in libsvm text, 0 or 1.
    targets
        What a label may be.
    weights
        Whether a CSV row has its weight in the column after the labels, a finite number from 0.
    delimiters
        What may stand between the values of CSV: one character, or several of which the first line of a stream tells.
    rows
        Rows wanted at once: a hint to decoders that can read exactly as many.
    bulk
        Whether much may come, as in training, so that compiled parsers may be loaded; a request never waits for them.
    """

    labels: int = 0
    features: int | None = None
    missing: bool = False
    index_base: int = 0
    targets: Range = ANY
    weights: bool = False
    delimiters: str = COMMA
    rows: int = 1000
    bulk: bool = False

    @property
    def leading(self) -> int:
        """Columns before the first feature."""
        return self.labels + self.weights

    @property
    def columns(self) -> str:
        """The expected width in words, such as ``31 columns (1 label, 30 features)``."""
        leading = plural(self.labels, "label") + (", 1 weight" if self.weights else "")
        if self.features is None:
            return f"at least {self.leading + 1} columns ({leading} and the features)"
        total = plural(self.leading + self.features, "column")
        return f"{total} ({leading}, {plural(self.features, 'feature')})" if self.leading else total

    @property
    def value(self) -> str:
        """What a feature has to be, in words."""
        return "a finite number or nothing" if self.missing else "a finite number"

    @property
    def weight(self) -> str:
        """What a weight has to be, in words."""
        return "a weight, a finite number from 0"

    @property
    def label(self) -> str:
        """What a label has to be, in words."""
        return f"a label, {self.targets}"

    def fits(
        self, features: NDArray[np.float32], labels: NDArray[np.float32] | None, weights: NDArray[np.float32] | None
    ) -> bool:
        """Whether all values are what they have to be."""
        return (
            self.unfit(features) is None
            and (labels is None or self.unfit_label(labels) is None)
            and (weights is None or self.unfit_weight(weights) is None)
        )

    def unfit_label(self, labels: NDArray[np.float32]) -> int | None:
        """Flat index of the first value that may not be a label, or None."""
        return self.targets.unfit(labels)

    def unfit_weight(self, weights: NDArray[np.float32]) -> int | None:
        """Flat index of the first value that may not be a weight, or None."""
        return Range(0).unfit(weights)

    def unfit(self, features: NDArray[np.float32]) -> int | None:
        """Flat index of the first value that may not be a feature (infinite, or NaN where none may be missing), or None."""
        fit = np.isfinite(features)
        if fit.all():
            return None
        if self.missing:
            fit |= np.isnan(features)
        return None if fit.all() else int(fit.argmin())

    def check_width(self, source: str, features: int) -> None:
        """Refuse rows of another width than the ones before, or than the model's."""
        if self.features is not None and features != self.features:
            raise UserError(f"{source}: expected {plural(self.features, 'feature')}, got {features}")


def plural(count: int, noun: str) -> str:
    """``1 feature``, ``30 features``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shown(value: object) -> str:
    """A value as an error message shows it: quoted, and cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

"""The real data sets as arrays, split the same way every time. Numbers only: categories become indicator columns."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.data import ROOT


@dataclass(frozen=True)
class Split:
    """Training and held-out rows; features of shape (rows, features), labels of shape (rows,), float32."""

    name: str
    predictor_type: str
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    x_test: NDArray[np.float32]
    y_test: NDArray[np.float32]

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1


def adult() -> Split:
    """Income above 50K; the data set's own split. Categories become indicators, fitted on the training rows."""
    numeric = (0, 2, 4, 10, 11, 12)

    def rows(name: str) -> list[list[str]]:
        with gzip.open(ROOT / "adult" / name, "rt") as file:
            return [[field.strip() for field in row] for row in csv.reader(file) if len(row) == 15]

    train, test = rows("adult-train.csv.gz"), rows("adult-test.csv.gz")
    levels = {c: sorted({row[c] for row in train}) for c in range(14) if c not in numeric}

    def arrays(table: list[list[str]]) -> tuple[NDArray, NDArray]:
        columns = [np.array([float(row[c]) for row in table]) for c in numeric]
        columns += [np.array([row[c] == level for row in table], float) for c, found in levels.items() for level in found]
        return np.stack(columns, 1).astype(np.float32), np.array([row[14].startswith(">") for row in table], np.float32)

    return Split("adult", "binary_classifier", *arrays(train), *arrays(test))


def mnist(only: int | None = None) -> Split:
    """Digits, or whether a digit is `only`; the data set's own split."""

    def idx(name: str, header: int) -> NDArray[np.uint8]:
        return np.frombuffer(gzip.decompress((ROOT / "mnist" / name).read_bytes()), np.uint8, offset=header)

    def arrays(part: str) -> tuple[NDArray, NDArray]:
        x = idx(f"{part}-images-idx3-ubyte.gz", 16).reshape(-1, 784).astype(np.float32) / 255
        y = idx(f"{part}-labels-idx1-ubyte.gz", 8)
        return x, (y if only is None else y == only).astype(np.float32)

    kind = "multiclass_classifier" if only is None else "binary_classifier"
    return Split("mnist" if only is None else f"mnist is {only}", kind, *arrays("train"), *arrays("t10k"))


def covtype_3v4() -> Split:
    """Cover type 4 (7 %) against 3."""
    table = _table("covtype_3v4/covertype.csv.gz")
    return _split("covtype_3v4", "binary_classifier", table[:, :-1], table[:, -1] == 4)


def covtype_11k() -> Split:
    """Seven cover types."""
    table = _table("covtype_11k/covertype.csv.gz")
    return _split("covtype_11k", "multiclass_classifier", table[:, :-1], table[:, -1] - 1)


def abalone() -> Split:
    """Rings; the sex becomes three indicators."""
    with gzip.open(ROOT / "abalone" / "abalone.csv.gz", "rt") as file:
        rows = list(csv.reader(file))
    table = np.array([[*(row[0] == sex for sex in "FIM"), *map(float, row[1:])] for row in rows])
    return _split("abalone", "regressor", table[:, :-1], table[:, -1])


def shuttle() -> Split:
    """Seven classes, three quarters of the rows in the first; the data set's own split."""
    tables = [np.loadtxt(ROOT / "shuttle" / f"shuttle.{part}.gz", np.float32) for part in ("trn", "tst")]
    (x, y), (x_test, y_test) = ((table[:, :-1], table[:, -1] - 1) for table in tables)
    return Split("shuttle", "multiclass_classifier", x, y, x_test, y_test)


def sgemm() -> Split:
    """Logarithm of the mean of four run times."""
    table = _table("sgemm/sgemm_product.csv.gz")
    return _split("sgemm", "regressor", table[:, :14], np.log(table[:, 14:].mean(axis=1)))


def _table(name: str) -> NDArray[np.float64]:
    with gzip.open(ROOT / name, "rt") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1)


def _split(name: str, predictor_type: str, x: NDArray, y: NDArray) -> Split:
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]
    x, y = x.astype(np.float32), y.astype(np.float32)
    return Split(name, predictor_type, x[train], y[train], x[test], y[test])


ALL: dict[str, Callable[[], Split]] = {f.__name__: f for f in (adult, mnist, covtype_3v4, covtype_11k, sgemm)}

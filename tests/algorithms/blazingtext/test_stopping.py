"""Early stopping: when it ends, and what is kept."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.blazingtext.stopping import EarlyStopping, Snapshot


def epochs_until_the_end(stopping: EarlyStopping, accuracies: list[float]) -> int | None:
    for epoch, accuracy in enumerate(accuracies, 1):
        stopping.improves(accuracy)
        if stopping.ends:
            return epoch
    return None


@pytest.mark.parametrize(
    ("patience", "min_epochs", "accuracies", "end"),
    [
        (1, 1, [0.5, 0.6, 0.6], 3),
        (2, 1, [0.5, 0.4, 0.6, 0.5, 0.5], 5),
        (2, 1, [0.5, 0.4, 0.6, 0.5, 0.7], None),
        (1, 4, [0.5, 0.4, 0.3, 0.2, 0.1], 4),
        (1, 4, [0.5, 0.4, 0.3, 0.6, 0.5], 5),
        (1, 9, [0.5, 0.4, 0.3, 0.2, 0.1], None),
        (2, 1, [0.0, 0.0, 0.0], 3),
    ],
)
def test_training_ends_after_epochs_without_a_new_best(
    patience: int, min_epochs: int, accuracies: list[float], end: int | None
) -> None:
    assert epochs_until_the_end(EarlyStopping(patience, min_epochs), accuracies) == end


def test_only_a_higher_accuracy_is_an_improvement() -> None:
    stopping = EarlyStopping(1, 1)
    assert [stopping.improves(accuracy) for accuracy in (0.0, 0.0, 0.5, 0.4, 0.5, 0.6)] == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]
    assert stopping.best == 0.6


def test_a_snapshot_brings_back_the_matrices_in_place() -> None:
    random = np.random.default_rng(0)
    input, output = np.zeros((1000, 7), np.float32), random.normal(size=(3, 7)).astype(np.float32)
    input[random.choice(1000, 100, replace=False)] = random.normal(size=(100, 7))
    before = input.copy(), output.copy()
    snapshot = Snapshot.of(input, output)
    input += random.normal(size=input.shape)  # rows that were not used are used now
    output += 1
    snapshot.restore(input, output)
    np.testing.assert_array_equal(input, before[0])
    np.testing.assert_array_equal(output, before[1])


def test_a_snapshot_holds_the_rows_in_use_alone() -> None:
    input = np.zeros((1000, 7), np.float32)
    input[[3, 999]] = 1
    assert Snapshot.of(input, np.zeros((2, 7), np.float32)).input.shape == (2, 7)

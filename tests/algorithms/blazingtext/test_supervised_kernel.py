"""The classifier's inner loops against their mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithms.blazingtext.kernels.supervised import count_hits, draw_rows, predict_lines, train_lines, used_rows

DIM = 19  # no multiple of a vector register's width


def matrices(rows: int = 12, labels: int = 4) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    random = np.random.default_rng(5)
    return random.normal(size=(rows, DIM)).astype(np.float32), random.normal(size=(labels, DIM)).astype(np.float32)


def arrays(*lines: tuple[list[int], list[int]]) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Rows and labels of lines as the kernels take them."""
    row_ends = np.cumsum([len(rows) for rows, _ in lines])
    label_ends = np.cumsum([len(labels) for _, labels in lines])
    rows = np.array([i for rows, _ in lines for i in rows], np.int32)
    return rows, row_ends, np.array([i for _, labels in lines for i in labels], np.int32), label_ends


def loss(input: NDArray, output: NDArray, rows: list[int], label: int) -> float:
    scores = output @ input[rows].mean(axis=0)
    return float(np.log(np.exp(scores).sum()) - scores[label])


def descent(matrix: NDArray, value: object) -> NDArray:
    """Minus the gradient of ``value()`` with respect to a matrix, by differences in double precision."""
    step, gradient = 1e-5, np.zeros_like(matrix)
    for place in np.ndindex(matrix.shape):
        before = matrix[place]
        matrix[place] = before + step
        high = value()  # type: ignore[operator]
        matrix[place] = before - step
        gradient[place] = (high - value()) / (2 * step)  # type: ignore[operator]
        matrix[place] = before
    return -gradient


def test_a_step_goes_down_the_gradient_of_the_cross_entropy() -> None:
    input, output = matrices()
    rows = [3, 7, 7, 0, 11]  # a row may occur twice
    exact = input.astype(np.float64), output.astype(np.float64)
    expected = [descent(matrix, lambda: loss(*exact, rows, 2)) for matrix in exact]
    before = input.copy(), output.copy()
    total, steps = train_lines(input, output, *arrays((rows, [2])), 0.1, 0.1, 0)
    assert steps == 1
    assert total == pytest.approx(loss(*exact, rows, 2), rel=1e-5)
    np.testing.assert_allclose((input - before[0]) / 0.1, expected[0], atol=2e-5)
    np.testing.assert_allclose((output - before[1]) / 0.1, expected[1], atol=2e-5)


def test_lines_are_learnt_one_after_the_other_at_a_falling_rate() -> None:
    lines = [([1, 2], [0]), ([2, 3, 4], [1]), ([1], [3]), ([5, 2], [2])]
    together, apart = matrices(), matrices()
    total, steps = train_lines(*together, *arrays(*lines), 0.4, 0.2, 0)
    losses = [train_lines(*apart, *arrays(line), 0.4 - 0.05 * i, 0.0, 0)[0] for i, line in enumerate(lines)]
    np.testing.assert_allclose(together[0], apart[0], rtol=1e-6)
    np.testing.assert_allclose(together[1], apart[1], rtol=1e-6)
    assert steps == 4
    assert total == pytest.approx(sum(losses))


def test_lines_without_rows_or_labels_teach_nothing() -> None:
    model, before = matrices(), matrices()
    assert train_lines(*model, *arrays(([], [1]), ([3], [])), 0.1, 0.1, 0) == (0.0, 0)
    np.testing.assert_array_equal(model[0], before[0])
    np.testing.assert_array_equal(model[1], before[1])


def test_of_several_labels_each_is_learnt_as_often() -> None:
    lines, rate, output = 3000, 1e-6, np.zeros((4, 1), np.float32)
    train_lines(np.ones((1, 1), np.float32), output, *arrays(*[([0], [0, 2, 3])] * lines), rate, rate, 7)
    # At such a rate the probabilities stay at a quarter: a label's output tells how often it was the one to learn.
    times = output[:, 0] / rate + lines / 4
    assert times == pytest.approx([1000, 0, 1000, 1000], abs=130)  # five standard deviations


def test_the_seed_settles_which_label_is_learnt() -> None:
    lines = arrays(*[([i], [0, 1, 2]) for i in range(12)])
    outputs = []
    for seed in (1, 1, 2):
        input, output = matrices()
        train_lines(input, output, *lines, 0.1, 0.1, seed)
        outputs.append(output)
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert (outputs[0] != outputs[2]).any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_is_seen(bad: float) -> None:
    input, output = matrices()
    input[3] = bad
    total, _ = train_lines(input, output, *arrays(([3], [0])), 0.1, 0.1, 0)
    assert not np.isfinite(total)


def test_prediction_is_the_nearest_label_and_the_zero_vector_the_first() -> None:
    input, output = matrices()
    lines = [[3, 4], [], [5], [11, 2, 2]]
    rows, row_ends, _, _ = arrays(*((line, []) for line in lines))
    best = np.empty(4, np.int32)
    predict_lines(input, output, rows, row_ends, best)
    expected = [int(np.argmax(output @ input[line].mean(axis=0))) if line else 0 for line in lines]
    assert best.tolist() == expected


def test_a_hit_is_one_of_the_labels() -> None:
    _, _, labels, label_ends = arrays(([0], [1]), ([0], [2, 3]), ([0], []), ([0], [3, 0]), ([0], [0]))
    assert count_hits(np.array([1, 3, 0, 2, 3], np.int32), labels, label_ends) == 2


def test_rows_are_drawn_once_uniformly_and_by_seed_and_place() -> None:
    matrix = np.zeros((5000, DIM), np.float32)
    matrix[7] = 3
    draw_rows(matrix, np.arange(4000, dtype=np.int32), 1)
    drawn = np.delete(matrix[:4000], 7, axis=0) * DIM
    assert (matrix[7] == 3).all()
    assert not matrix[4000:].any()
    assert drawn.min() >= -1
    assert drawn.max() <= 1
    shares = np.histogram(drawn, 10, (-1, 1))[0] / drawn.size
    assert shares == pytest.approx([0.1] * 10, abs=0.006)  # five standard deviations
    assert abs(np.corrcoef(drawn[1:].ravel(), drawn[:-1].ravel())[0, 1]) < 0.02

    again, other = np.zeros_like(matrix), np.zeros_like(matrix)
    draw_rows(again, np.array([3999, 5, 5], np.int32), 1)
    draw_rows(other, np.array([5], np.int32), 2)
    np.testing.assert_array_equal(again[[5, 3999]], matrix[[5, 3999]])
    assert (other[5] != matrix[5]).any()


def test_rows_that_hold_anything_are_used() -> None:
    matrix = np.zeros((4, DIM), np.float32)
    matrix[1, DIM - 1], matrix[2, 0] = 1e-30, np.nan
    assert used_rows(matrix).tolist() == [False, True, True, False]

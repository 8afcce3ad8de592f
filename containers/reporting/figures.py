"""Figures for reports, from plain arrays. matplotlib is imported when the first is drawn, and pyplot never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Told apart by colour-blind readers too (Okabe and Ito's palette, darkened where it was too pale for a line).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a8639b", "#b58900", "#4a9cc9", "#444444")
INK, RULE = "#3c4654", "#d9dee5"
#: Points a curve keeps: more than the width of a figure shows, few enough for a small file.
POINTS = 250
#: Classes up to which a confusion matrix is labelled and counts are written into its cells.
LABELLED = 12


def new_figure(width: float = 5.2, height: float = 4.2) -> Figure:
    """An empty figure, sizes in inches; it is scaled to the page's width in the report."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def style(axes: Axes) -> None:
    """The house's look: no frame, a light grid, quiet ticks."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(RULE)
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)


def line_chart(series: Mapping[str, ArrayLike], *, x_label: str = "epoch", y_label: str = "", start: int = 0) -> Figure:
    """One line for each named series, such as the loss per epoch.

    Parameters
    ----------
    series
        name to values, shape: (n,); NaN and infinity leave a gap.
    start
        x of the first value.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure()
    axes = figure.subplots()
    for place, (name, values) in enumerate(series.items()):
        y = np.where(np.isfinite(np.asarray(values, float)), values, np.nan)
        x, y = _thin(np.arange(start, start + len(y)), y)
        marker = "o" if len(y) <= 40 else ""
        axes.plot(x, y, label=name, color=COLOURS[place % len(COLOURS)], linewidth=1.8, marker=marker, markersize=3.5)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    style(axes)
    _legend(axes)
    return figure


def roc_curve(curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Receiver operating characteristic: name to false-positive and true-positive rates, each of shape (n,), rising."""
    figure = new_figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=RULE, linewidth=1.2, linestyle="--")
    for place, (name, (false_positives, true_positives)) in enumerate(curves.items()):
        x, y = _thin(np.asarray(false_positives, float), np.asarray(true_positives, float))
        axes.plot(x, y, label=name, color=COLOURS[place % len(COLOURS)], linewidth=1.8, drawstyle="steps-post")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    style(axes)
    _legend(axes, "lower right")
    return figure


def confusion_matrix(counts: ArrayLike, names: Sequence[str]) -> Figure:
    """A heat map of counts, true classes down and predicted ones across; shaded by the share of the true class.

    Parameters
    ----------
    counts
        shape: (k, k), integers.
    names
        One name a class, in the order of the rows.
    """
    table = np.asarray(counts)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    labelled = len(table) <= LABELLED
    figure = new_figure()
    axes = figure.subplots()
    image: Any = axes.pcolormesh(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=1.5) if labelled else None
    if image is None:
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="equal", interpolation="nearest")
    style(axes)
    axes.grid(False)
    axes.set(xlabel="predicted", ylabel="true", aspect="equal")
    if labelled:
        axes.invert_yaxis()
        middles = np.arange(len(table)) + 0.5
        axes.set_xticks(middles, names, rotation=45 if max(map(len, names)) * len(names) > 30 else 0)
        axes.set_yticks(middles, names)
        for (row, column), count in np.ndenumerate(table):
            colour = "white" if shares[row, column] > 0.55 else INK
            axes.text(column + 0.5, row + 0.5, f"{count:,}", ha="center", va="center", color=colour, fontsize=9)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    bar.outline.set_visible(False)
    bar.ax.yaxis.label.set_color(INK)
    bar.ax.tick_params(colors=INK, length=0, labelsize=8)
    return figure


def scatter(x: ArrayLike, y: ArrayLike, x_label: str, y_label: str) -> Figure:
    """Points and the diagonal on which both are equal; shapes: (n,). Drawn as an image inside the figure."""
    figure = new_figure()
    axes = figure.subplots()
    both = np.concatenate([np.asarray(x, float), np.asarray(y, float)])
    low, high = (both.min(), both.max()) if len(both) else (0.0, 1.0)
    axes.plot([low, high], [low, high], color=RULE, linewidth=1.2, linestyle="--")
    axes.scatter(x, y, s=8, alpha=0.5, color=COLOURS[0], linewidths=0, rasterized=True)
    axes.set(xlabel=x_label, ylabel=y_label)
    style(axes)
    return figure


def histogram(values: ArrayLike, x_label: str) -> Figure:
    """How often values occur, shape: (n,)."""
    figure = new_figure()
    axes = figure.subplots()
    axes.hist(np.asarray(values, float), bins=50, color=COLOURS[0])
    axes.set(xlabel=x_label, ylabel="rows")
    style(axes)
    return figure


def _thin(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most `POINTS` of the points, evenly chosen, first and last kept."""
    if len(x) <= POINTS:
        return x, y
    keep = np.linspace(0, len(x) - 1, POINTS).round().astype(int)
    return x[keep], y[keep]


def _legend(axes: Axes, place: str = "best") -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc=place, frameon=False, fontsize=9, labelcolor=INK)

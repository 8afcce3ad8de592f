"""`report.html`: what came out of a training job, to look at."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext.tokens import EOS, LABEL
from containers.reporting import figures
from containers.reporting.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from algorithms.blazingtext.classifier import Classifier, History
    from algorithms.blazingtext.fasttext.prediction import WordVectors
    from algorithms.blazingtext.lines import LineSource
    from algorithms.blazingtext.ngrams import Lines
    from algorithms.blazingtext.vocabulary import Vocabulary
    from containers.job import TrainingJob

#: Words on the map, and words among which neighbours are looked for, the most frequent of each.
MAPPED, SEARCHED = 500, 50_000
#: Words whose neighbours are listed, and neighbours of each.
LISTED, NEIGHBOURS = 20, 8
#: Labels a confusion matrix has room for, and lines that it counts.
LABELS, LINES = 100, 200_000


def report_vectors(job: TrainingJob, vocabulary: Vocabulary, vectors: WordVectors, evaluated: dict[str, Any] | None) -> None:
    """Write the page of word vectors: evaluation, neighbours of frequent words, a map, settings."""
    hp = job.hyperparameters
    page = Report(f"BlazingText · {job.name}", f"{hp.mode}, {len(vocabulary):,} words in {hp.vector_dim} dimensions")
    if evaluated is not None:
        page.heading("Evaluation")
        rows = [
            [name, each["spearmans_rho"], each["total_pairs"], each["not_found"]]
            for name, each in evaluated.items()
            if name != "mean_rho"
        ]
        page.table(
            ["set", "Spearman's rho", "pairs", "not found"],
            [*rows, ["mean", evaluated["mean_rho"], None, None]],
            "Agreement of the vectors' cosines with the similarity of words as people judge it (WordSim-353).",
        )
    words = [word for word in vocabulary.words[: SEARCHED + 1] if word != EOS]
    unit = vectors(words)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    page.heading("Nearest neighbours")
    page.table(
        ["word", "nearest by cosine"],
        [[word, ", ".join(near)] for word, near in neighbours(words, unit)],
        f"Of some of the {min(MAPPED, len(words))} most frequent words, looked for among the {len(words):,} most frequent.",
    )
    page.heading("Map")
    mapped = words[:MAPPED]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of letters that the font for measuring lacks; the page's may have them
        page.figure(_map(mapped, principal_plane(unit[:MAPPED])), f"The {len(mapped)} most frequent words, by PCA.")
    _finish(page, job)


def report_classifier(job: TrainingJob, model: Classifier, history: History, judged: str, lines: LineSource) -> None:
    """Write the page of a classifier: accuracies, confusions over the channel `judged`, loss per epoch, settings."""
    vocabulary = model.vocabulary
    page = Report(f"BlazingText · {job.name}", f"{len(vocabulary.labels):,} labels, {len(vocabulary):,} words")
    page.heading("Results")
    page.table(["channel", "accuracy"], [["train", history.train_accuracy], ["validation", history.validation_accuracy]])
    if len(vocabulary.labels) <= LABELS and not job.stop.is_set():
        counts = confusions(model, lines)
        names = [label.removeprefix(LABEL) for label in vocabulary.labels]
        caption = f"Confusion matrix on {judged}, of lines with one label, at most {LINES:,}."
        page.figure(figures.confusion_matrix(counts, names), caption)
    if history.losses:
        page.heading("Training")
        page.figure(figures.line_chart({"train": history.losses}, y_label="loss"), "Mean loss per epoch.")
    if history.validation_accuracies:
        chart = figures.line_chart({"validation": history.validation_accuracies}, y_label="accuracy")
        page.figure(chart, "Accuracy per epoch.")
    _finish(page, job)


def neighbours(words: list[str], unit: NDArray[np.float32]) -> list[tuple[str, list[str]]]:
    """Frequent words, evenly chosen among the first, and the words nearest to each; vectors of length 1: (words, dim)."""
    chosen = np.linspace(0, min(MAPPED, len(words)) - 1, LISTED).round().astype(int)
    found = []
    for at in np.unique(chosen):
        cosines = unit @ unit[at]
        cosines[at] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[: min(NEIGHBOURS, len(words) - 1)]
        found.append((words[at], [words[i] for i in nearest]))
    return found


def principal_plane(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Coordinates along the two directions of greatest variance, shape: (n, 2); zero where there are fewer directions."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, scale, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(vectors), 2))
    plane[:, : min(2, len(scale))] = (left * scale)[:, :2]
    return plane


def confusions(model: Classifier, lines: LineSource) -> NDArray[np.int64]:
    """How often each label, down, was taken for which, across; shape: (labels, labels)."""
    size = len(model.vocabulary.labels)
    counts, seen = np.zeros((size, size), np.int64), 0

    def judge(some: Lines) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        single = np.diff(some.label_ends, prepend=0) == 1
        return some.labels[some.label_ends[single] - 1], model.predict(some)[single]

    for true, said in lines.each(judge, 1):
        np.add.at(counts, (true, said), 1)
        seen += len(true)
        if seen >= LINES:
            break
    return counts


def _map(words: list[str], places: NDArray[np.float64]) -> Figure:
    figure = figures.new_figure(6.6, 6.6)
    axes = figure.subplots()
    axes.scatter(places[:, 0], places[:, 1], s=3, color=figures.COLOURS[0], linewidths=0)
    for word, (x, y) in zip(words, places, strict=True):
        axes.text(x, y, word, fontsize=5, color=figures.INK, parse_math=False, clip_on=True)
    figures.style(axes)
    return figure


def _finish(page: Report, job: TrainingJob) -> None:
    """The settings, then the file."""
    page.heading("Settings")
    given = job.hyperparameters.model_dump()
    page.table(["hyperparameter", "value"], [[name, str(value)] for name, value in given.items()], "As given, or by default.")
    page.write(job.output_dir / "report.html")

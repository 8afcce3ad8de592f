"""Supervised mode: fastText's classifier, and the loop that trains it."""

from __future__ import annotations

import logging
import mmap
import threading
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext.corpus import Corpus
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.kernels.supervised import count_hits, draw_rows, predict_lines, train_lines
from algorithms.blazingtext.lines import LineSource
from algorithms.blazingtext.ngrams import Lines
from algorithms.blazingtext.schedule import Schedule
from algorithms.blazingtext.stopping import EarlyStopping, Snapshot
from algorithms.blazingtext.vocabulary import Vocabulary
from algorithms.training.memory import memory_limit
from containers.errors import UserError
from containers.stop import Stopped

log = logging.getLogger(__name__)

GIGABYTE = 1 << 30


@dataclass(frozen=True)
class Classifier:
    """A linear classifier on the mean of the vectors of a line's words and n-grams (Joulin et al. 2016, arXiv:1607.01759).

    Attributes
    ----------
    input
        Vectors of the words, then of the buckets of n-grams, of which there are none where `word_ngrams` is 1;
        shape: (words + buckets, vector_dim), float32. Buckets that no line has used are zero: most are, and then say
        nothing, take no memory and compress well; fastText draws them at random.
    output
        shape: (labels, vector_dim), float32.
    args
        What it was trained with.
    """

    vocabulary: Vocabulary
    input: NDArray[np.float32]
    output: NDArray[np.float32]
    args: BlazingTextHyperparameters

    @classmethod
    def new(cls, vocabulary: Vocabulary, args: BlazingTextHyperparameters) -> Classifier:
        """All zero, which takes no memory yet.

        Raises
        ------
        UserError
            The matrices would need more memory than there is.
        """
        words, dim = len(vocabulary), args.vector_dim
        rows = words + (args.buckets if args.word_ngrams > 1 else 0)
        needed, limit = (rows + len(vocabulary.labels)) * dim * 4, memory_limit()
        if needed > limit or rows > np.iinfo(np.int32).max:
            raise UserError(
                f"{words:,} words and buckets={args.buckets} of vector_dim={dim} need {needed / GIGABYTE:.1f} GB of memory, "
                f"and there are {limit / GIGABYTE:.1f} GB; try fewer buckets, a smaller vector_dim or a larger min_count"
            )
        return cls(vocabulary, _zeros(rows, dim), np.zeros((len(vocabulary.labels), dim), np.float32), args)

    def lines(self, corpus: Corpus, *, reading: int = 0, budget: int = 0) -> LineSource:
        """A corpus in the rows of this classifier; see `LineSource`."""
        buckets = len(self.input) - len(self.vocabulary)
        return LineSource(corpus, self.vocabulary, self.args.word_ngrams, buckets, reading=reading, budget=budget)

    def predict(self, lines: Lines) -> NDArray[np.int32]:
        """The number of the most probable label of each line; shape: (lines,)."""
        best = np.empty(len(lines.row_ends), np.int32)
        predict_lines(self.input, self.output, lines.rows, lines.row_ends, best)
        return best

    def accuracy(self, source: LineSource, threads: int) -> float:
        """The share of lines whose most probable label is one of theirs. Lines with labels that are not known count."""

        def judge(lines: Lines) -> tuple[int, int]:
            return count_hits(self.predict(lines), lines.labels, lines.label_ends), len(lines.row_ends)

        hits, number = np.sum(list(source.each(judge, threads)), axis=0)
        return float(hits / number)


def _zeros(rows: int, dim: int) -> NDArray[np.float32]:
    """Zeros that take memory row by row, as they are written.

    numpy asks the system for huge pages, of which a row here and a row there soon touch all.
    """
    pages = mmap.mmap(-1, rows * dim * 4, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, np.float32).reshape(rows, dim)


@dataclass
class History:
    """How training went.

    Attributes
    ----------
    losses
        The mean of each epoch, natural logarithm.
    validation_accuracies
        After each epoch; only with early stopping.
    train_accuracy, validation_accuracy
        Of the final classifier; None where the job was told to stop, or where there is no validation channel.
    words_per_second
        Of the epochs alone.
    """

    losses: list[float] = field(default_factory=list)
    validation_accuracies: list[float] = field(default_factory=list)
    train_accuracy: float | None = None
    validation_accuracy: float | None = None
    words_per_second: float = 0.0


def train(
    corpus: Corpus,
    validation: Corpus | None,
    args: BlazingTextHyperparameters,
    *,
    threads: int,
    seed: int,
    budget: int,
    stop: threading.Event,
    told: Callable[[int, float], None] = lambda epoch, loss: None,
) -> tuple[Classifier, History]:
    """Train a classifier; with one thread, the same seed gives the same one.

    Parameters
    ----------
    corpus, validation
        Of whole lines; the second is there where `args.early_stopping` is set. Both are read once to be checked, and again in
        each epoch if they do not fit.
    budget
        Bytes of encoded lines that may be kept in memory.
    stop
        Ends training between two stretches of lines, keeping what is best so far.
    told
        Called with the number and the mean loss of each epoch that is finished.

    Raises
    ------
    UserError
        There is nothing to learn from or to be judged by, or training diverges.
    """
    vocabulary = Vocabulary.build(corpus, args.min_count, supervised=True)
    log.info("Number of words:  %d", len(vocabulary))
    log.info("Number of labels: %d", len(vocabulary.labels))
    model = Classifier.new(vocabulary, args)
    source = model.lines(corpus, reading=1, budget=budget)
    judges = None if validation is None else model.lines(validation, budget=budget // 4)
    if judges is not None and not sum(judges.each(lambda lines: len(lines.row_ends), threads)):
        raise UserError("the validation data hold no words")
    schedule = Schedule(args.learning_rate, args.epochs, vocabulary.tokens)
    stopping = EarlyStopping(args.patience, args.min_epochs) if args.early_stopping else None
    history, best = History(), None

    def learn(lines: Lines) -> tuple[float, int]:
        if not history.losses:  # the first epoch
            draw_rows(model.input, lines.rows, seed)
        start, *rates = schedule.take(lines.tokens)
        return train_lines(model.input, model.output, *lines[:4], *rates, seed + start)

    log.info("Using %d threads for training", threads)
    for epoch in range(args.epochs):
        with closing(source.each(learn, threads)) as steps, schedule.running():
            loss = _mean_loss(steps, schedule, stop)
        if loss is None:
            log.info("stopped in epoch %d; keeping the best weights so far", epoch)
            break
        history.losses.append(loss)
        told(epoch, loss)
        if stopping is None or judges is None:
            continue
        accuracy = model.accuracy(judges, threads)
        history.validation_accuracies.append(accuracy)
        log.info("Validation accuracy: %.6g", accuracy)
        if stopping.improves(accuracy):
            log.info("Validation accuracy improved! Storing best weights...")
            best = Snapshot.of(model.input, model.output)
        if stopping.ends:
            log.info("Validation accuracy has not improved for %d epochs; stopping early", stopping.waited)
            break
    log.info("Training finished!")
    if best is not None:
        best.restore(model.input, model.output)
    history.words_per_second = schedule.words_per_second
    log.info("Average throughput in Million words/sec: %.2f", history.words_per_second / 1e6)
    if not stop.is_set():
        history.train_accuracy = model.accuracy(source, threads)
        history.validation_accuracy = None if judges is None else model.accuracy(judges, threads)
    return model, history


def _mean_loss(steps: Iterable[tuple[float, int]], schedule: Schedule, stop: threading.Event) -> float | None:
    """Go through an epoch; its mean loss, or None where it was stopped."""
    total, number = 0.0, 0
    try:
        for loss, count in steps:
            total, number = total + loss, number + count
            if not np.isfinite(loss):
                raise UserError("training diverges: the loss is not finite; try a smaller learning_rate")
            schedule.log_progress(total / max(number, 1))
            if stop.is_set():
                return None
    except Stopped:  # while a pipe was waited for
        return None
    return total / max(number, 1)

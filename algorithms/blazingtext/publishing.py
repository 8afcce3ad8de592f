"""The end of training: the files that are served, the metrics of the final model, the report."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext import evaluation, vectors
from algorithms.blazingtext.fasttext.arguments import (
    CBOW,
    NEGATIVE_SAMPLING,
    SKIPGRAM,
    SOFTMAX,
    SUPERVISED,
    Arguments,
)
from algorithms.blazingtext.fasttext.binary import Binary
from algorithms.blazingtext.fasttext.dictionary import Dictionary
from algorithms.blazingtext.fasttext.prediction import WordVectors
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.model import MODEL_FILE, VECTORS_FILE
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter

if TYPE_CHECKING:
    from algorithms.blazingtext.classifier import Classifier, History
    from algorithms.blazingtext.lines import LineSource
    from algorithms.blazingtext.vocabulary import Vocabulary
    from algorithms.blazingtext.wordvectors import WordVectors as Trained

log = logging.getLogger(__name__)

TEXT_FILE = "vectors.txt"
EVALUATION_FILE = "eval.json"


def publish_vectors(job: TrainingJob, report: Reporter, model: Trained) -> None:
    """Write ``vectors.bin``, ``vectors.txt``, and ``eval.json`` where `evaluation` asks for it, then the report."""
    hp: BlazingTextHyperparameters = job.hyperparameters
    binary = binary_of(model.vocabulary, model.input, model.output, hp)
    lookup, words = WordVectors(binary), model.vocabulary.words
    evaluated = None
    if hp.evaluation:
        log.info("Evaluating word embeddings....")
        evaluated = evaluation.evaluate(words, lookup)
        for line in json.dumps(evaluated, indent=4).splitlines():
            log.info("%s", line)
        if evaluated["mean_rho"] is None:
            log.warning("too few pairs of WS-353 are in the vocabulary: there is no mean_rho")
        else:
            report.metric("train:mean_rho", evaluated["mean_rho"])
    with job.artifact() as directory:
        binary.write(directory / VECTORS_FILE)
        vectors.write(directory / TEXT_FILE, words, hp.vector_dim, lookup)
        if evaluated is not None:
            (directory / EVALUATION_FILE).write_text(json.dumps(evaluated, indent=4) + "\n", "utf-8")
    if job.settings.report:
        from algorithms.blazingtext.report import report_vectors

        report_vectors(job, model.vocabulary, lookup, evaluated)


def publish_classifier(
    job: TrainingJob, report: Reporter, model: Classifier, history: History, judged: str, lines: LineSource
) -> None:
    """Write ``model.bin``, report accuracies, then write the report: `lines` are those of the channel `judged`."""
    hp: BlazingTextHyperparameters = job.hyperparameters
    with job.artifact() as directory:
        binary_of(model.vocabulary, model.input, model.output, hp).write(directory / MODEL_FILE)
    accuracies = {"train": history.train_accuracy, "validation": history.validation_accuracy}
    for channel, accuracy in accuracies.items():
        if accuracy is not None:
            report.metric(f"{channel}:accuracy", accuracy)
    if job.settings.report:
        from algorithms.blazingtext.report import report_classifier

        report_classifier(job, model, history, judged, lines)


def binary_of(
    vocabulary: Vocabulary, input: NDArray[np.float32], output: NDArray[np.float32], hp: BlazingTextHyperparameters
) -> Binary:
    """A trained model as fastText would have written it.

    Parameters
    ----------
    input
        Rows of the words, then of the buckets, if any; shape: (words + buckets, vector_dim).
    output
        shape: (labels, vector_dim), or (words, vector_dim).
    """
    args = Arguments(
        dim=hp.vector_dim,
        ws=hp.window_size,
        epoch=hp.epochs,
        minCount=hp.min_count,
        neg=hp.negative_samples,
        wordNgrams=hp.word_ngrams if hp.supervised else 1,
        loss=SOFTMAX if hp.supervised else NEGATIVE_SAMPLING,
        model=SUPERVISED if hp.supervised else CBOW if hp.mode == "cbow" else SKIPGRAM,
        bucket=len(input) - len(vocabulary.words),
        minn=hp.min_char if hp.learns_subwords else 0,
        maxn=hp.max_char if hp.learns_subwords else 0,
        t=hp.sampling_threshold,
    )
    return Binary(args, Dictionary.of(vocabulary), _frozen(input), _frozen(output))


def _frozen(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """A view that may not be written to, as one of a mapped file: numba then compiles for both but once."""
    view = matrix.view()
    view.flags.writeable = False
    return view

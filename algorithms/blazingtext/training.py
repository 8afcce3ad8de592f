"""From a job to a model: the text, the loop of its mode, what is published."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from algorithms.blazingtext import data
from algorithms.blazingtext.corpus import Corpus
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.publishing import publish_classifier, publish_vectors
from algorithms.blazingtext.rules import check_job
from algorithms.blazingtext.vocabulary import Vocabulary, check_different
from algorithms.training.allreduce import together
from algorithms.training.memory import cache_bytes
from containers.channels import Channel, Part
from containers.errors import UserError
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter
from containers.serving.resources import cores

log = logging.getLogger(__name__)

#: With one thread the same job gives the same model; AWS's table has no seed.
SEED = 0
#: Words and labels that a check lists.
LISTED = 20


class Readings:
    """Opens a channel as often as it is asked to, and counts, so that one who comes later knows the number of the next FIFO."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.count = 0

    def __call__(self, reading: int) -> Iterator[Part]:
        self.count = reading + 1
        return data.text(self._channel, reading)


def fit(job: TrainingJob, report: Reporter) -> None:
    """Train and publish; see `containers.algorithm.Algorithm.fit`."""
    hp: BlazingTextHyperparameters = job.hyperparameters
    log.info("Final configuration: %s", hp.model_dump_json())
    check_job(job)
    readings = {name: Readings(channel) for name, channel in job.channels.items()}
    told = partial(_report_epoch, report)
    corpora = {name: Corpus(read, whole_lines=hp.supervised) for name, read in readings.items()}
    if hp.supervised:
        from algorithms.blazingtext import classifier

        model, history = classifier.train(
            corpora["train"],
            corpora.get("validation"),
            hp,
            threads=threads(job),
            seed=SEED,
            budget=cache_bytes(job.settings.cache_megabytes),
            stop=job.stop,
            told=told,
        )
        judged = "validation" if "validation" in corpora else "train"
        publish_classifier(job, report, model, history, judged, model.lines(corpora[judged], reading=readings[judged].count))
        return
    from algorithms.blazingtext import wordvectors

    with together(job.hosts) as star:
        vectors = wordvectors.train(
            corpora["train"],
            hp,
            threads=threads(job),
            seed=SEED,
            stop=job.stop,
            star=star,
            sharded=job.channels["train"].is_sharded,
            told=told,
        )
        if job.hosts.is_first:
            publish_vectors(job, report, vectors)
        star.wait()


def _report_epoch(report: Reporter, epoch: int, loss: float) -> None:
    report.metric("train:loss", loss, epoch=epoch)


def threads(job: TrainingJob) -> int:
    """Threads that train: `DRYDOCK_THREADS`, or one a core.

    Raises
    ------
    UserError
        The variable is no integer from 1 on.
    """
    text = job.settings.environ.get("DRYDOCK_THREADS", "").strip()
    if text and (not text.isdecimal() or int(text) < 1):
        raise UserError(f"environment variable DRYDOCK_THREADS: expected an integer >= 1, got {text!r}")
    return int(text) if text else cores()


def check(job: TrainingJob) -> dict[str, Any]:
    """Read all data as `fit` would; see `containers.algorithm.Algorithm.check`."""
    hp: BlazingTextHyperparameters = job.hyperparameters
    check_job(job)
    found: dict[str, Any] = {}
    for name, channel in job.channels.items():
        # Words that are rare in the channel that trains are left out, and only there they may be too few; how rare they are,
        # a host that has but a share of it cannot tell.
        whole = job.hosts.count == 1 or not channel.is_sharded
        least = hp.min_count if name == "train" and whole else 1
        vocabulary = Vocabulary.build(Corpus(Readings(channel), whole_lines=hp.supervised), least, supervised=hp.supervised)
        if not hp.supervised and whole:
            check_different(vocabulary)
        words = dict(zip(vocabulary.words[:LISTED], vocabulary.counts.tolist(), strict=False))
        labels = dict(zip(vocabulary.labels[:LISTED], vocabulary.label_counts.tolist(), strict=False))
        found[name] = {"bytes": vocabulary.size, "tokens": vocabulary.tokens, "vocabulary": len(vocabulary), "words": words}
        if hp.supervised:
            found[name] |= {"number_of_labels": len(vocabulary.labels), "labels": labels}
    return found

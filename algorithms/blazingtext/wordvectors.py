"""Word vectors: the loop of the modes `skipgram`, `cbow` and `batch_skipgram`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from algorithms.blazingtext import rows
from algorithms.blazingtext.corpus import Block, Corpus
from algorithms.blazingtext.fasttext.features import Features, rows_of_words
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.kernels import batch_skipgram, cbow, skipgram
from algorithms.blazingtext.kernels.minibatch import Model
from algorithms.blazingtext.sampling import Sampling
from algorithms.blazingtext.schedule import Schedule
from algorithms.blazingtext.vocabulary import Vocabulary, check_different
from algorithms.training.allreduce import Star
from algorithms.training.memory import memory_limit
from containers.content.bulk import in_order
from containers.errors import UserError
from containers.hosts import Hosts
from containers.stop import Stopped

log = logging.getLogger(__name__)

KERNELS = {"batch_skipgram": batch_skipgram.train, "cbow": cbow.train, "skipgram": skipgram.train}
GIGABYTE = 1 << 30
#: How often in an epoch several hosts average their matrices.
MEETINGS = 8


@dataclass(frozen=True)
class WordVectors:
    """What was learnt.

    Attributes
    ----------
    input
        The vectors of the words, then of the buckets of subwords, if any; shape: (words + buckets, vector_dim), float32.
    output
        What predicts words; shape: (words, vector_dim), float32.
    words_per_second
        Known words of the corpus, on this host, over all epochs.
    """

    vocabulary: Vocabulary
    input: NDArray[np.float32]
    output: NDArray[np.float32]
    args: BlazingTextHyperparameters
    words_per_second: float = 0.0


def train(
    corpus: Corpus,
    args: BlazingTextHyperparameters,
    *,
    threads: int,
    seed: int,
    stop: threading.Event,
    star: Star | None = None,
    sharded: bool = False,
    told: Callable[[int, float], None] = lambda epoch, loss: None,
) -> WordVectors:
    """Learn word vectors; with one thread, the same seed gives the same ones.

    Parameters
    ----------
    corpus
        Read once for the vocabulary, and once more in each epoch.
    stop
        Ends training between two blocks of text, keeping what is learnt so far.
    star
        Several hosts, which divide the text, and every eighth of an epoch go on with the mean of what they have learnt, as
        Ji et al. 2016 do (section III-C). All return the same.
    sharded
        Whether each host has text of its own, rather than all of it.
    told
        Called with the number and the mean loss of each epoch that is finished.

    Raises
    ------
    UserError
        There is nothing to learn from, or no room for it, or training diverges.
    AlgorithmError
        Another host is lost; the message names it.
    """
    star = star or Star(Hosts())
    hosts = star.hosts
    own = Vocabulary.build(corpus, 1 if sharded else args.min_count)
    vocabulary = Vocabulary.merged(star.gather(own.dump()), args.min_count) if sharded else own
    log.info("Number of words:  %d", len(vocabulary))
    check_different(vocabulary)
    model = _new(vocabulary, args, seed)
    share = own.tokens / vocabulary.tokens if sharded else 1 / hosts.count
    # The mean takes a host's steps for what they are worth on all: with larger ones, N hosts come as far as one would.
    schedule = Schedule(args.learning_rate * hosts.count, args.epochs, int(vocabulary.counts.sum() * share))
    trainer = _Trainer(vocabulary, model, KERNELS[args.mode], schedule, seed, threads)
    turn = (0, 1) if sharded else (hosts.index, hosts.count)
    for epoch in range(args.epochs):
        with closing(corpus.blocks(1 + epoch)) as blocks, schedule.running():
            text = _Text(blocks, own.size, turn, stop)
            loss = trainer.learn_epoch(text, star, MEETINGS if hosts.count > 1 else 1)
        if loss is None:
            log.info("stopped in epoch %d; keeping what is learnt", epoch)
            break
        told(epoch, loss)
    log.info("Training finished!")
    log.info("Average throughput in Million words/sec: %.2f", schedule.words_per_second / 1e6)
    dim = args.vector_dim
    return WordVectors(
        vocabulary, rows.packed(model.input, dim), rows.packed(model.output, dim), args, schedule.words_per_second
    )


def _new(vocabulary: Vocabulary, args: BlazingTextHyperparameters, seed: int) -> Model:
    """A model that has learnt nothing."""
    words, dim = len(vocabulary), args.vector_dim
    buckets = args.buckets if args.learns_subwords else 0
    needed, limit = (2 * words + buckets) * rows.stride(dim) * 4, memory_limit()
    if needed > limit or words + buckets > np.iinfo(np.int32).max:
        raise UserError(
            f"{words:,} words and buckets={buckets} of vector_dim={dim} need {needed / GIGABYTE:.1f} GB of memory, and there "
            f"are {limit / GIGABYTE:.1f} GB; try fewer buckets, a smaller vector_dim or a larger min_count"
        )
    input, output = rows.zeros(words + buckets, dim), rows.zeros(words, dim)
    rows.draw(input, dim, seed)
    starts, members = np.arange(words + 1), np.arange(words, dtype=np.int32)
    if buckets:
        index, none = vocabulary.index, np.empty(0, np.int32)
        features = Features(index, words, vocabulary.eos, args.min_char, args.max_char, buckets, 1, none)
        ends = index.starts[1 : words + 1]
        members, starts[1:] = rows_of_words(features, index.chars[: ends[-1]], ends)
    sampling = Sampling.of(vocabulary.counts, vocabulary.tokens, args.sampling_threshold)
    return Model(input, output, starts, members, sampling, args.window_size, args.negative_samples, args.batch_size)


class _Text:
    """The blocks of an epoch, in stretches that end at the same places on all hosts.

    Parameters
    ----------
    size
        Bytes of all blocks.
    turn
        Which of how many blocks in a row are this host's.
    stop
        Ends every stretch.
    """

    def __init__(self, blocks: Iterator[Block], size: int, turn: tuple[int, int], stop: threading.Event) -> None:
        self._blocks, self._size, self._turn, self.stop = enumerate(blocks), size, turn, stop
        self._read = 0

    def until(self, share: float) -> Iterator[Block]:
        """This host's blocks that begin before a share of the whole."""
        place, count = self._turn
        try:
            while self._read < share * self._size and not self.stop.is_set():
                number, block = next(self._blocks)
                self._read += block.text.size
                if number % count == place:
                    yield block
        except Stopped:  # while a pipe was waited for
            return


@dataclass(frozen=True)
class _Trainer:
    """Several threads that change one model, without locks (Recht et al. 2011)."""

    vocabulary: Vocabulary
    model: Model
    kernel: Callable[..., tuple[float, int]]
    schedule: Schedule
    seed: int
    threads: int

    def learn_epoch(self, text: _Text, star: Star, meetings: int) -> float | None:
        """Learn from an epoch, and go on with the mean of all hosts every so often.

        Returns
        -------
        float or None
            The mean loss on this host; None where a host was told to stop.
        """
        total, number = 0.0, 0
        for meeting in range(1, meetings + 1):
            blocks = text.until(meeting / meetings)
            for loss, samples in in_order(self._learn, zip(blocks), self.threads, ahead=self.threads):
                total, number = total + loss, number + samples
                if not np.isfinite(loss):
                    raise UserError("training diverges: the loss is not finite; try a smaller learning_rate")
                self.schedule.log_progress(total / max(number, 1))
            stopped = star.any(text.stop.is_set())  # one that is told to stop comes early, and the others learn of it here
            star.average(self.model.input)
            star.average(self.model.output)
            if stopped:
                return None
        return total / max(number, 1)

    def _learn(self, block: Block) -> tuple[float, int]:
        """The sum of the losses, and of how many samples."""
        ids, ends = self.vocabulary.sentences(block.text)
        start, *rates = self.schedule.take(len(ids))
        return self.kernel(self.model, ids, ends, tuple(rates), self.seed, start)

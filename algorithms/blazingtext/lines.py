"""The lines of a channel, as often as they are asked for: encoded once where they fit into memory, each time anew otherwise."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from algorithms.blazingtext.corpus import Block, Corpus
from algorithms.blazingtext.ngrams import Lines, lines_of
from algorithms.blazingtext.vocabulary import Vocabulary, check_labelled
from containers.content.bulk import in_order

T = TypeVar("T")
R = TypeVar("R")


def spread(work: Callable[[T], R], items: Iterable[T], threads: int) -> Generator[R]:
    """``map(work, items)`` by several threads, a few items ahead of the consumer. One thread is the caller's own."""
    if threads == 1:
        yield from map(work, items)
        return
    yield from in_order(work, zip(items), threads, ahead=threads)


class LineSource:
    """The lines of a corpus in the rows of a model.

    Parameters
    ----------
    reading
        How often the corpus has been read before; what is read for the first time is checked, too.
    budget
        Bytes of encoded lines that may be kept.
    """

    def __init__(
        self, corpus: Corpus, vocabulary: Vocabulary, word_ngrams: int, buckets: int, *, reading: int, budget: int
    ) -> None:
        self._corpus = corpus
        self._vocabulary = vocabulary
        self._ngrams = (len(vocabulary), word_ngrams, buckets)
        self._reading = reading
        self._budget = budget
        self._kept: list[Lines] | None = None

    def each(self, work: Callable[[Lines], R], threads: int) -> Generator[R]:
        """What `work` answers to each stretch of lines, in their order; with several threads they work at the same time."""
        if self._kept is not None:
            yield from spread(work, self._kept, threads)
            return

        first = self._reading == 0

        def encode_and_work(block: Block) -> tuple[Lines, R]:
            if first:
                check_labelled(block)
            lines = lines_of(self._vocabulary.examples(block.text), *self._ngrams)
            return lines, work(lines)

        kept, held = [], 0
        blocks = self._corpus.blocks(self._reading)
        self._reading += 1
        for lines, result in spread(encode_and_work, blocks, threads):
            held += lines.nbytes
            if held <= self._budget:
                kept.append(lines)
            else:
                kept = []
            yield result
        if held <= self._budget:
            self._kept = kept

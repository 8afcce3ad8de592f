"""The words of a corpus: which there are, how often, and their numbers in a text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from algorithms.blazingtext import tokens
from algorithms.blazingtext.corpus import Block, Corpus
from algorithms.blazingtext.counting import Counter
from algorithms.blazingtext.tokens import EOS, LABEL, Index
from containers.errors import UserError

#: Words after which a sentence ends where its line does not, as in fastText.
LONGEST = 1024
_EOS = np.frombuffer(EOS.encode(), np.uint8)


class Sentences(NamedTuple):
    """Known words of a text, for word vectors.

    Attributes
    ----------
    ids
        Numbers of the words, int32; words that are not in the vocabulary are left out.
    ends
        Where in `ids` each sentence ends, int64.
    """

    ids: NDArray[np.int32]
    ends: NDArray[np.int64]


class Examples(NamedTuple):
    """Lines of a text, for a classifier. All ends are int64, one a line; blank lines count.

    Attributes
    ----------
    ids
        Numbers of the words, int32; -1 for those that are not in the vocabulary. The last of each line is ``</s>``.
    hashes
        The words' hashes, uint32, of which those of word n-grams are made.
    ends
        Where in `ids` each line ends.
    labels
        Numbers of the labels, int32, counted from 0; labels that are not in the vocabulary are left out.
    label_ends
        Where in `labels` each line ends.
    """

    ids: NDArray[np.int32]
    hashes: NDArray[np.uint32]
    ends: NDArray[np.int64]
    labels: NDArray[np.int32]
    label_ends: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Words and labels, each by falling count. Safe to use from several threads.

    Attributes
    ----------
    words
        In a corpus of lines ``</s>`` is one of them.
    counts
        shape: (words,), int64.
    labels
        With their prefix, ``__label__``, as they stand in the text; none but in supervised mode.
    label_counts
        shape: (labels,), int64.
    tokens
        Words, labels and ends of lines in the corpus, those included that are not in the vocabulary.
    size
        Bytes of the corpus.
    """

    words: list[str]
    counts: NDArray[np.int64]
    labels: list[str]
    label_counts: NDArray[np.int64]
    tokens: int
    size: int
    index: Index = field(init=False, repr=False)
    eos: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", tokens.index([word.encode() for word in (*self.words, *self.labels)]))
        object.__setattr__(self, "eos", self.number(EOS))

    @classmethod
    def build(cls, corpus: Corpus, min_count: int, supervised: bool = False) -> Vocabulary:
        """Read the corpus once, for the first time, and count.

        Parameters
        ----------
        min_count
            Words that are rarer are left out; labels are not.
        supervised
            Words that begin with ``__label__`` are labels, and every line that is not blank must have one.

        Raises
        ------
        UserError
            There is no word that often, or a line without label, or a label without a name; the message says where.
        """
        counter = Counter()
        for block in corpus.blocks(0):
            if supervised:
                check_labelled(block)
            counter.add(block.text)
        entries = [entry.decode() for entry in counter.entries()]
        return cls._of(entries, counter.counts, min_count, counter.words, counter.size, supervised)

    @classmethod
    def merged(cls, dumped: Iterable[bytes], min_count: int) -> Vocabulary:
        """The words of several corpora, each dumped without its rare ones left out; raises as `build` does."""
        parts = [orjson.loads(part) for part in dumped]
        counts: dict[str, int] = {}
        for part in parts:
            for word, count in zip(part["words"], part["counts"], strict=True):
                counts[word] = counts.get(word, 0) + count
        tokens, size = (sum(part[name] for part in parts) for name in ("tokens", "size"))
        return cls._of(list(counts), np.fromiter(counts.values(), np.int64, len(counts)), min_count, tokens, size)

    @classmethod
    def _of(
        cls, entries: list[str], counts: NDArray[np.int64], min_count: int, tokens: int, size: int, supervised: bool = False
    ) -> Vocabulary:
        is_label = np.array([supervised and entry.startswith(LABEL) for entry in entries])
        order = np.argsort(-counts, kind="stable")
        kept, labels = order[(~is_label & (counts >= max(min_count, 1)))[order]], order[is_label[order]]
        words = [entries[i] for i in kept]
        if not words or words == [EOS]:
            different = [count for entry, count in zip(entries, counts.tolist(), strict=True) if entry != EOS]
            raise UserError(
                f"no word is left by min_count, expected one that comes {min_count} times or more: the training data hold "
                f"{sum(different):,} words, {len(different):,} different ones"
            )
        return cls(words, counts[kept], [entries[i] for i in labels], counts[labels], tokens, size)

    def dump(self) -> bytes:
        """The words and their counts, for `merged`."""
        values = {"words": self.words, "counts": self.counts.tolist(), "tokens": self.tokens, "size": self.size}
        return orjson.dumps(values)

    def __len__(self) -> int:
        return len(self.words)

    def number(self, word: str) -> int:
        """The number of a word, or that of a label after those of all words; -1 where it is unknown."""
        text = np.frombuffer(word.encode(), np.uint8)
        return int(tokens.find(self.index, text, 0, text.size, tokens.hash_word(text))[0])

    def sentences(self, text: NDArray[np.uint8], longest: int = LONGEST) -> Sentences:
        """The known words of a text, sentence by sentence; shape of `text`: (bytes,)."""
        ids, ends = np.empty(text.size, np.int32), np.empty(text.size, np.int64)
        n, sentences = tokens.encode_sentences(text, self.index, self.eos, longest, ids, ends)
        return Sentences(ids[:n], ends[:sentences])

    def examples(self, text: NDArray[np.uint8]) -> Examples:
        """The lines of a text, each of which must end with a newline; shape of `text`: (bytes,)."""
        ids, hashes, labels = np.empty(text.size, np.int32), np.empty(text.size, np.uint32), np.empty(text.size, np.int32)
        ends, label_ends = np.empty(text.size, np.int64), np.empty(text.size, np.int64)
        n, m, lines = tokens.encode_examples(
            text, self.index, len(self.words), self.eos, tokens.hash_word(_EOS), ids, hashes, ends, labels, label_ends
        )
        return Examples(ids[:n], hashes[:n], ends[:lines], labels[:m], label_ends[:lines])


def check_labelled(block: Block) -> None:
    """Refuse lines that cannot teach a classifier."""
    line, nameless = tokens.check_labels(block.text)
    if line >= 0:
        expected = f"expected a name behind {LABEL!r}" if nameless else f"expected at least one word that begins with {LABEL!r}"
        text = block.text.tobytes().split(b"\n")[line].decode()
        raise UserError(f"{block.name} line {block.line + line}: {expected}, got {text[:80]!r}")


def check_different(vocabulary: Vocabulary) -> None:
    """Refuse words that cannot be told apart: there must be two, for a word and its negative samples."""
    words = [word for word in vocabulary.words if word != EOS]
    if len(words) < 2:
        raise UserError(f"expected at least two different words, got only {words[0]!r}")

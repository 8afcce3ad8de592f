"""BlazingText's hyperparameters, in the order of AWS's page.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/blazingtext_hyperparameters.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from containers.hyperparameters import Hyperparameters, choice, flag, number

WORD_VECTOR_MODES = ("batch_skipgram", "skipgram", "cbow")
SUPERVISED = "supervised"
#: The modes that learn subwords: batch_skipgram's mini-batches are of whole words.
SUBWORD_MODES = ("skipgram", "cbow")

_WORDS = f"mode in {', '.join(WORD_VECTOR_MODES)}"
_SUBWORDS = f"mode in {', '.join(SUBWORD_MODES)}"
_EARLY = "mode=supervised, early_stopping=True"


class BlazingTextHyperparameters(Hyperparameters):
    """What a user sets; see the package's README for the table made from these declarations."""

    mode: str = choice(*WORD_VECTOR_MODES, SUPERVISED, tune=WORD_VECTOR_MODES)
    batch_size: int = number(default=11, ge=1, tune=(8, 32), applies="mode=batch_skipgram")
    buckets: int = number(default=2_000_000, ge=1, tune=(1_000_000, 10_000_000), applies="subwords=True, or word_ngrams > 1")
    early_stopping: bool = flag(default=False, applies="mode=supervised")
    epochs: int = number(default=5, ge=1, tune=(5, 15))
    evaluation: bool = flag(default=True, applies=_WORDS)
    learning_rate: float = number(default=0.05, gt=0, tune=(0.005, 0.01))
    min_char: int = number(default=3, ge=1, applies="subwords=True")
    max_char: int = number(default=6, ge=1, applies="subwords=True")
    min_count: int = number(default=5, ge=0, tune=(0, 100))
    min_epochs: int = number(default=5, ge=1, applies=_EARLY)
    negative_samples: int = number(default=5, ge=1, tune=(5, 25), applies=_WORDS)
    patience: int = number(default=4, ge=1, applies=_EARLY)
    sampling_threshold: float = number(default=0.0001, gt=0, le=1, tune=(0.0001, 0.001), applies=_WORDS)
    subwords: bool = flag(default=False, applies=_SUBWORDS)
    vector_dim: int = number(default=100, ge=1, tune=(32, 300))
    window_size: int = number(default=5, ge=1, tune=(1, 10), applies=_WORDS)
    word_ngrams: int = number(default=2, ge=1, tune=(1, 3), applies="mode=supervised")

    @classmethod
    def conflicts(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Rules between fields."""
        low, high = values.get("min_char", 1), values.get("max_char", 1)
        if {"min_char", "max_char"} <= values.keys() and low > high:
            yield "min_char", f"expected an integer <= max_char, which is {high}, got {low}"

    @property
    def supervised(self) -> bool:
        """Whether a classifier is trained, rather than word vectors."""
        return self.mode == SUPERVISED

    @property
    def learns_subwords(self) -> bool:
        """Whether vectors are made of those of character n-grams, too; `subwords` means nothing to the other modes."""
        return self.subwords and self.mode in SUBWORD_MODES

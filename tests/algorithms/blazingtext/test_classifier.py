"""The classifier: it learns what there is to learn, stops when told, and says what it cannot learn from."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from algorithms.blazingtext.classifier import Classifier, History, train
from algorithms.blazingtext.corpus import Corpus
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.blazingtext.vocabulary import Vocabulary
from containers.channels import Part
from containers.errors import UserError
from containers.stop import Stopped

RANDOM = np.random.default_rng(0)
NOISE = [f"noise{i}" for i in range(30)]


def sentence(*words: str) -> str:
    return " ".join([*RANDOM.choice(NOISE, 3), *words, *RANDOM.choice(NOISE, 3)])


#: One word tells the label.
TOPICS = [f"__label__{topic} {sentence(f'about{topic}')}" for topic in ("tea", "rum", "ale") for _ in range(100)]
RANDOM.shuffle(TOPICS)
#: The same words for all labels; their order tells.
ORDER = [f"__label__{i % 2} {sentence('left', 'right') if i % 2 else sentence('right', 'left')}" for i in range(300)]
#: Nothing tells the label, one of which is more frequent: what is learnt beyond that is learnt by heart.
GUESSES = [f"__label__{label} {sentence()}" for label in RANDOM.choice(["tea", "rum", "ale"], 150, p=[0.6, 0.2, 0.2])]


def corpus(lines: list[str], name: str = "train/a.txt") -> Corpus:
    text = "".join(f"{line}\n" for line in lines).encode()
    return Corpus(lambda _: iter([Part(name, io.BytesIO(text))]), whole_lines=True)


def fit(
    lines: list[str],
    validation: list[str] | None = None,
    *,
    threads: int = 1,
    seed: int = 0,
    budget: int = 1 << 30,
    stop: threading.Event | None = None,
    **hyperparameters: Any,
) -> tuple[Classifier, History]:
    values = {"vector_dim": 10, "buckets": 5000, "learning_rate": 0.5, "epochs": 20, "min_count": 1, **hyperparameters}
    args = BlazingTextHyperparameters.parse({"mode": "supervised", **{name: str(value) for name, value in values.items()}})
    held = None if validation is None else corpus(validation, "validation/b.txt")
    return train(corpus(lines), held, args, threads=threads, seed=seed, budget=budget, stop=stop or threading.Event())


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("budget", [0, 1 << 30])
def test_it_learns_what_one_word_tells(threads: int, budget: int) -> None:
    model, history = fit(TOPICS, TOPICS[:50], threads=threads, budget=budget)
    assert history.train_accuracy == history.validation_accuracy == 1.0
    assert len(history.losses) == 20
    assert history.losses[-1] < 0.1 < history.losses[0]
    assert history.words_per_second > 0
    assert model.input.shape == (len(model.vocabulary) + 5000, 10)
    assert model.output.shape == (3, 10)
    assert model.input.dtype == model.output.dtype == np.float32


def test_word_order_is_learnt_by_ngrams_alone() -> None:
    with_pairs, history = fit(ORDER, word_ngrams=2)
    assert history.train_accuracy == 1.0
    words_alone, history = fit(ORDER, word_ngrams=1)
    assert history.train_accuracy is not None
    assert history.train_accuracy < 0.8
    assert len(words_alone.input) == len(words_alone.vocabulary), "no n-grams need no buckets"
    assert len(with_pairs.input) == len(with_pairs.vocabulary) + 5000


def test_one_thread_and_the_same_seed_give_the_same_model() -> None:
    (one, _), (same, _), (streamed, _), (other, _) = fit(TOPICS), fit(TOPICS), fit(TOPICS, budget=0), fit(TOPICS, seed=1)
    for model in (same, streamed):
        np.testing.assert_array_equal(one.input, model.input)
        np.testing.assert_array_equal(one.output, model.output)
    assert (one.input != other.input).any()


def test_buckets_that_no_line_uses_stay_zero() -> None:
    model, _ = fit(["__label__1 a b", "__label__2 b a"] * 5)
    used = np.array([row.any() for row in model.input])
    assert used[: len(model.vocabulary)].all()
    assert used[len(model.vocabulary) :].sum() == 4  # a b, b </s>, b a, a </s>


def test_a_line_of_several_labels_is_right_with_one_of_them() -> None:
    lines = [f"__label__{'drink __label__hot' if i % 2 else 'cold'} {sentence('tea' if i % 2 else 'ice')}" for i in range(200)]
    _, history = fit(lines)
    assert history.train_accuracy == 1.0


def test_all_labels_of_a_line_are_learnt_in_turn() -> None:
    model, _ = fit(["__label__drink __label__hot tea", "__label__cold ice"], epochs=400, learning_rate=0.2, word_ngrams=1)
    vectors = model.input[[model.vocabulary.number(word) for word in ("tea", "</s>")]]
    scores = np.exp(model.output @ vectors.mean(axis=0))
    shares = dict(zip(model.vocabulary.labels, scores / scores.sum(), strict=True))
    assert shares["__label__drink"] > 0.25
    assert shares["__label__hot"] > 0.25


def test_labels_that_were_not_learnt_count_as_wrong() -> None:
    known, unknown = "__label__tea abouttea", "__label__gin abouttea"
    _, history = fit(TOPICS, [known, unknown, unknown, known, known, "", "   "])
    assert history.validation_accuracy == pytest.approx(3 / 5)


def test_without_early_stopping_validation_is_judged_in_the_end() -> None:
    _, history = fit(TOPICS, GUESSES, epochs=3, patience=1, min_epochs=1)
    assert history.validation_accuracies == []
    assert len(history.losses) == 3
    assert history.validation_accuracy is not None


def test_early_stopping_goes_back_to_the_best_epoch() -> None:
    frequent = [f"__label__tea {sentence()}" for _ in range(100)]
    _, history = fit(GUESSES, frequent, early_stopping=True, patience=5, min_epochs=1, epochs=60, learning_rate=2)
    accuracies = history.validation_accuracies
    assert len(history.losses) == len(accuracies) < 60
    assert len(accuracies) - 1 - int(np.argmax(accuracies)) == 5, "patience epochs after the best"
    assert accuracies[-1] < max(accuracies), "this test needs an epoch to go back from"
    assert history.validation_accuracy == max(accuracies)


def test_early_stopping_waits_for_min_epochs_even_beyond_all() -> None:
    _, history = fit(TOPICS, TOPICS, early_stopping=True, patience=1, min_epochs=15, epochs=40)
    assert len(history.losses) == 15
    _, history = fit(TOPICS, TOPICS, early_stopping=True, patience=1, min_epochs=50, epochs=10)
    assert len(history.losses) == 10


def test_told_to_stop_it_keeps_what_it_has() -> None:
    stop = threading.Event()
    stop.set()
    model, history = fit(TOPICS, TOPICS, stop=stop)
    assert history.losses == []
    assert history.train_accuracy is None
    assert history.validation_accuracy is None
    assert np.isfinite(model.input).all()


def test_told_to_stop_while_it_waits_for_a_pipe_it_keeps_what_it_has() -> None:
    stop, text = threading.Event(), "".join(f"{line}\n" for line in TOPICS).encode()

    def read(reading: int) -> Iterator[Part]:
        if reading == 3:
            stop.set()
            raise Stopped
        yield Part(f"train_{reading}", io.BytesIO(text))

    args = BlazingTextHyperparameters.parse({"mode": "supervised", "epochs": "9", "buckets": "100"})
    _, history = train(Corpus(read, whole_lines=True), None, args, threads=1, seed=0, budget=0, stop=stop)
    assert len(history.losses) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("tea without a label", r"line 3: expected at least one word that begins with '__label__', got 'tea without a label'"),
        ("tea __label__ ", r"line 3: expected a name behind '__label__'"),
    ],
)
def test_lines_that_cannot_be_learnt_are_named(line: str, message: str) -> None:
    bad = [*TOPICS[:2], line, *TOPICS[2:]]
    with pytest.raises(UserError, match=f"^train/a.txt {message}"):
        fit(bad)
    with pytest.raises(UserError, match=f"^validation/b.txt {message}"):
        fit(TOPICS, bad)


def test_nothing_to_learn_from_or_to_be_judged_by() -> None:
    with pytest.raises(UserError, match=r"no word is left by min_count.* 4 words"):
        fit(["__label__1 a", "__label__2 b"], min_count=5)
    with pytest.raises(UserError, match="the validation data hold no words"):
        fit(TOPICS, ["", " "])


@pytest.mark.parametrize("threads", [1, 2])
def test_training_that_diverges_says_so(threads: int) -> None:
    with pytest.raises(UserError, match=r"training diverges.*learning_rate"):
        fit(TOPICS, learning_rate=1e30, threads=threads)


def test_more_memory_than_there_is_is_refused() -> None:
    vocabulary = Vocabulary.build(corpus(TOPICS), 1, supervised=True)
    args = BlazingTextHyperparameters.parse({"mode": "supervised", "buckets": "2000000000", "vector_dim": "100000"})
    with pytest.raises(UserError, match=r"buckets=2000000000 of vector_dim=100000 need [\d.]+ GB of memory, and there are"):
        Classifier.new(vocabulary, args)

"""The three modes from text to vectors."""

import threading

import numpy as np
import pytest

from algorithms.blazingtext import corpus as corpus_module
from algorithms.blazingtext import wordvectors
from algorithms.blazingtext.hyperparameters import BlazingTextHyperparameters
from algorithms.training.allreduce import together
from containers.errors import UserError
from containers.hosts import Hosts
from tests.algorithms.blazingtext.texts import corpus
from tests.algorithms.training.several import cluster, run

MODES = ["batch_skipgram", "skipgram", "cbow"]


def text(lines=3000):
    """Words of five topics; those of a topic stand near each other, and nothing else tells them apart."""
    generator = np.random.default_rng(0)
    topics = generator.integers(5, size=lines)
    return "\n".join(" ".join(f"t{topic}w{n}" for n in generator.integers(6, size=12)) for topic in topics) + "\n"


TEXT = text()


def train(mode, *, content=TEXT, threads=1, seed=0, stop=None, hosts=None, sharded=False, **values):
    values = {"epochs": 5, "vector_dim": 12, "sampling_threshold": 1.0, "buckets": 500, "min_count": 1} | values
    args = BlazingTextHyperparameters(mode=mode, **values)
    stop = stop or threading.Event()
    with together(hosts or Hosts()) as star:
        return wordvectors.train(corpus(content), args, threads=threads, seed=seed, stop=stop, star=star, sharded=sharded)


def separation(found):
    """How much nearer words of one topic are to each other than to others, by mean cosine."""
    words = [word for word in found.vocabulary.words if word != "</s>"]
    x = np.stack([found.input[found.vocabulary.number(word)] for word in words]).astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    same = np.equal.outer([word[1] for word in words], [word[1] for word in words])
    cosines = x @ x.T
    return cosines[same & ~np.eye(len(words), dtype=bool)].mean() - cosines[~same].mean()


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(corpus_module, "BLOCK", 1 << 12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("threads", [1, 4])
def test_words_that_occur_together_are_near(mode, threads, small_blocks):
    found = train(mode, threads=threads)
    assert separation(found) > 0.5
    assert found.input.shape == found.output.shape == (31, 12)
    assert all(m.dtype == np.float32 and m.flags.c_contiguous for m in (found.input, found.output))
    assert np.isfinite(found.input).all()
    assert found.words_per_second > 0


@pytest.mark.parametrize("mode", ["skipgram", "cbow"])
def test_subwords_have_vectors_of_their_own(mode):
    found = train(mode, subwords=True, epochs=1)
    assert found.input.shape == (31 + 500, 12)
    bounds = np.abs(found.input).max(axis=1) > 1 / 12  # has moved from where it was drawn
    assert 30 < bounds[31:].sum() < 500


def test_batch_skipgram_has_none():
    assert train("batch_skipgram", subwords=True, epochs=1).input.shape == (31, 12)


@pytest.mark.parametrize("mode", MODES)
def test_one_thread_and_a_seed_repeat(mode, small_blocks):
    one, other = train(mode, epochs=2), train(mode, epochs=2)
    np.testing.assert_array_equal(one.input, other.input)
    np.testing.assert_array_equal(one.output, other.output)
    assert (one.input != train(mode, epochs=2, seed=1).input).any()


def test_a_stop_keeps_what_is_learnt(small_blocks):
    stop = threading.Event()
    stop.set()
    found = train("skipgram", stop=stop)
    assert np.abs(found.input).max() <= 1 / 12
    assert not found.output.any()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"content": "alone " * 50}, "at least two different words, got only 'alone'"),
        ({"min_count": 10**6}, "no word is left by min_count"),
        ({"subwords": True, "buckets": 10**9, "vector_dim": 10_000}, "GB of memory"),
        ({"learning_rate": 1e38}, "training diverges"),
    ],
)
def test_what_cannot_be_learnt_is_refused(values, reason):
    with pytest.raises(UserError, match=reason):
        train("skipgram", **values)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("sharded", [False, True])
def test_several_hosts_learn_one_model(count, sharded, small_blocks):
    lines = TEXT.splitlines(keepends=True)

    def on(hosts: Hosts):
        content = "".join(lines[hosts.index :: hosts.count]) if sharded else TEXT
        return train("batch_skipgram", content=content, hosts=hosts, sharded=sharded)

    first, *others = run(cluster(count), on)
    assert separation(first) > 0.5
    for other in others:
        np.testing.assert_array_equal(first.input, other.input)
        np.testing.assert_array_equal(first.output, other.output)
        assert first.vocabulary.words == other.vocabulary.words
    assert first.vocabulary.tokens == train("batch_skipgram", epochs=1).vocabulary.tokens


def test_a_host_that_is_told_to_stop_ends_all(small_blocks):
    stop = threading.Event()
    stop.set()

    def on(hosts: Hosts):
        return train("batch_skipgram", hosts=hosts, epochs=1000, stop=stop if hosts.index == 1 else threading.Event())

    first, second = run(cluster(2), on)
    np.testing.assert_array_equal(first.input, second.input)

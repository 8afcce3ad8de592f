"""The page a job leaves to look at."""

import numpy as np
import pytest

from algorithms.blazingtext import report
from algorithms.blazingtext.publishing import publish_vectors
from algorithms.blazingtext.training import fit
from tests.algorithms.blazingtext.publishing import make_job, random_vectors, reported


def test_the_neighbours_of_a_word_are_the_nearest_and_not_itself():
    angles = {"a": 0.0, "b": 0.1, "c": 0.3, "d": 3.0}
    unit = np.array([[np.cos(angle), np.sin(angle)] for angle in angles.values()], np.float32)
    assert report.neighbours(list(angles), unit) == [
        ("a", ["b", "c", "d"]),
        ("b", ["a", "c", "d"]),
        ("c", ["b", "a", "d"]),
        ("d", ["c", "b", "a"]),
    ]


def test_of_many_words_some_frequent_ones_are_listed():
    words = [f"w{number}" for number in range(1000)]
    unit = np.random.default_rng(0).normal(size=(1000, 3)).astype(np.float32)
    found = report.neighbours(words, unit)
    assert len(found) == report.LISTED
    assert found[0][0] == "w0"
    assert found[-1][0] == f"w{report.MAPPED - 1}"
    assert {len(near) for _, near in found} == {report.NEIGHBOURS}


def test_the_plane_is_that_of_greatest_variance():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(50, 2)) * [5, 2]
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    plane = report.principal_plane((flat @ turn[:2] + 3).astype(np.float32))
    centred = flat - flat.mean(axis=0)
    distances = [np.linalg.norm(points[:, None] - points[None], axis=2) for points in (plane, centred)]
    np.testing.assert_allclose(*distances, atol=1e-4)
    assert plane[:, 0].var() > plane[:, 1].var()


@pytest.mark.parametrize(("words", "dim"), [(1, 3), (3, 1), (2, 2)])
def test_a_plane_of_too_little_is_flat(words, dim):
    assert report.principal_plane(np.ones((words, dim), np.float32)).shape == (words, 2)


def test_the_page_of_word_vectors(tmp_path):
    job = make_job(tmp_path, mode="skipgram", vector_dim=3)
    model = random_vectors("tiger cat king cabbage <b>&$x$ $ 日本語\n", 3)
    reported(job, lambda metrics: publish_vectors(job, metrics, model))
    page = (job.output_dir / "report.html").read_text("utf-8")
    for piece in ("EN-WS-353-SIM.txt", "Nearest neighbours", "&lt;b&gt;&amp;$x$", "日本語", "<svg", "sampling_threshold"):
        assert piece in page
    assert "&lt;/s&gt;" not in page, "the end of a line is no word to look at"
    assert "<b>" not in page


def test_the_page_of_a_classifier(tmp_path):
    files = {"train": "__label__sea ship wave\n__label__sky moon star\n" * 50, "validation": "__label__sea ship\n" * 7}
    job = make_job(tmp_path, files=files, mode="supervised", vector_dim=3, buckets=10, min_count=1, learning_rate=0.5)
    reported(job, lambda metrics: fit(job, metrics))
    page = (job.output_dir / "report.html").read_text("utf-8")
    for piece in ("Confusion matrix on validation", ">sea<", ">sky<", ">7<", "Mean loss per epoch", "word_ngrams"):
        assert piece in page

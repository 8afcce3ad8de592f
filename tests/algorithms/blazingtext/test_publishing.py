"""What a job leaves: the files, readable by others, and the metrics."""

import json
from dataclasses import replace

import numpy as np
import pytest

from algorithms.blazingtext.codec import Request
from algorithms.blazingtext.fasttext import Arguments, Binary
from algorithms.blazingtext.fasttext.arguments import CBOW, NEGATIVE_SAMPLING, SKIPGRAM, SOFTMAX, SUPERVISED
from algorithms.blazingtext.fasttext.prediction import WordVectors
from algorithms.blazingtext.model import FastTextModel
from algorithms.blazingtext.publishing import binary_of, publish_vectors
from algorithms.blazingtext.training import check, fit
from containers.errors import UserError
from tests.algorithms.blazingtext.publishing import make_job, random_vectors, reported, vocabulary

TEXT = "tiger cat drink car king cabbage\n" * 3 + "tiger cat\nthe king drank\n"
SEA, SKY = "__label__sea ship wave salt\n", "__label__sky moon star comet\n"


def published(job, model) -> dict[str, float]:
    return reported(job, lambda report: publish_vectors(job, report, model))


@pytest.mark.parametrize("mode", ["skipgram", "cbow", "batch_skipgram"])
def test_word_vectors_become_three_files(mode, tmp_path):
    from gensim.models import KeyedVectors

    job = make_job(tmp_path, report=False, mode=mode, vector_dim=4)
    model = random_vectors(TEXT, 4)
    metrics = published(job, model)
    assert sorted(path.name for path in job.model_dir.iterdir()) == ["eval.json", "vectors.bin", "vectors.txt"]
    read = KeyedVectors.load_word2vec_format(str(job.model_dir / "vectors.txt"))
    assert read.index_to_key == model.vocabulary.words
    assert np.array_equal(read.vectors, model.input)
    assert np.array_equal(WordVectors(Binary.read(job.model_dir / "vectors.bin"))(model.vocabulary.words), model.input)
    evaluated = json.loads((job.model_dir / "eval.json").read_text())
    assert evaluated["EN-WS-353-ALL.txt"]["not_found"] == 353 - 4
    assert metrics == {"train:mean_rho": evaluated["mean_rho"]}


def test_with_subwords_a_word_is_the_mean_of_its_parts_in_both_files(tmp_path):
    job = make_job(tmp_path, report=False, mode="skipgram", subwords=True, vector_dim=4, buckets=50, evaluation=False)
    model = random_vectors(TEXT, 4, buckets=50)
    assert published(job, model) == {}
    assert sorted(path.name for path in job.model_dir.iterdir()) == ["vectors.bin", "vectors.txt"]
    served = FastTextModel.load(job.model_dir)
    vectors = WordVectors(served.binary)
    assert np.any(vectors(["tigers"]))
    line = next(line for line in (job.model_dir / "vectors.txt").read_text().splitlines() if line.startswith("tiger "))
    assert np.array_equal(np.array(line.split()[1:], np.float32), vectors(["tiger"])[0])
    assert not np.array_equal(vectors(["tiger"])[0], model.input[model.vocabulary.number("tiger")])


def test_without_a_word_of_the_evaluation_there_is_no_mean(tmp_path, caplog):
    job = make_job(tmp_path, report=False, mode="cbow", vector_dim=2)
    assert published(job, random_vectors("foo bar\n", 2)) == {}
    assert json.loads((job.model_dir / "eval.json").read_text())["mean_rho"] is None
    assert "there is no mean_rho" in caplog.text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"mode": "cbow"}, {"model": CBOW, "loss": NEGATIVE_SAMPLING, "wordNgrams": 1, "minn": 0, "maxn": 0}),
        ({"mode": "skipgram", "subwords": True, "max_char": 5}, {"model": SKIPGRAM, "minn": 3, "maxn": 5}),
        ({"mode": "batch_skipgram", "subwords": True}, {"model": SKIPGRAM, "minn": 0, "maxn": 0}),
        ({"mode": "supervised", "word_ngrams": 3}, {"model": SUPERVISED, "loss": SOFTMAX, "wordNgrams": 3, "maxn": 0}),
    ],
)
def test_what_the_binary_says_of_the_training(values, expected, tmp_path):
    job = make_job(
        tmp_path, vector_dim=2, window_size=7, epochs=3, min_count=2, negative_samples=4, sampling_threshold=0.5, **values
    )
    words = vocabulary(SEA + SKY, supervised=values["mode"] == "supervised")
    args = binary_of(words, np.zeros((len(words) + 9, 2), np.float32), np.zeros((2, 2), np.float32), job.hyperparameters).args
    expected |= {"dim": 2, "ws": 7, "epoch": 3, "minCount": 2, "neg": 4, "bucket": 9, "t": 0.5}
    assert {name: getattr(args, name) for name in expected} == expected
    assert Arguments.unpack(args.pack()) == args


@pytest.fixture
def classifier(tmp_path):
    """A whole job in supervised mode, with a report."""
    files = {"train": (SEA + SKY) * 100, "validation": (SEA + SKY) * 10}
    values = {"vector_dim": 4, "buckets": 100, "min_count": 1, "learning_rate": 0.5}
    return make_job(tmp_path, files=files, mode="supervised", **values)


def test_a_classifier_becomes_one_file_and_its_accuracies_are_reported(classifier):
    metrics = reported(classifier, lambda report: fit(classifier, report))
    assert [path.name for path in classifier.model_dir.iterdir()] == ["model.bin"]
    assert (metrics["train:accuracy"], metrics["validation:accuracy"]) == (1.0, 1.0)
    assert metrics["train:loss"] < 0.7
    model = FastTextModel.load(classifier.model_dir)
    answers = model.predict(Request(["ship salt", "comet"], [1, 1]))
    assert [answers.names[label] for (label,) in answers.labels] == [b'"__label__sea"', b'"__label__sky"']


def test_a_job_that_breaks_a_rule_writes_nothing(tmp_path):
    job = make_job(tmp_path, files={"train": SEA}, mode="supervised", early_stopping=True)
    with pytest.raises(UserError, match="early_stopping"):
        reported(job, lambda report: fit(job, report))
    assert not job.model_dir.exists()


def test_a_check_says_what_is_in_the_data(classifier):
    found = check(classifier)
    assert found["train"]["labels"] == {"__label__sea": 100, "__label__sky": 100}
    assert found["validation"]["number_of_labels"] == 2
    assert found["train"]["vocabulary"] == 7
    assert found["train"]["words"]["</s>"] == 200


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_number_of_threads_that_cannot_be(text, classifier):
    job = replace(classifier, settings=replace(classifier.settings, environ={"DRYDOCK_THREADS": text}))
    with pytest.raises(UserError, match="DRYDOCK_THREADS: expected an integer >= 1"):
        reported(job, lambda report: fit(job, report))

"""The served model: which file it is, and what it answers."""

import json
import shutil

import numpy as np
import pytest

from algorithms.blazingtext import tokens
from algorithms.blazingtext.codec import Request
from algorithms.blazingtext.fasttext import Arguments, Binary, Dictionary
from algorithms.blazingtext.fasttext.arguments import SOFTMAX, SUPERVISED
from algorithms.blazingtext.model import FastTextModel
from containers.errors import UserError
from containers.media import MediaType
from tests.algorithms.blazingtext.golden import EXPECTED, HERE, SENTENCES, WORDS


def ask(model: FastTextModel, sources: list[str], k: list[int] | None = None) -> list[dict]:
    """What is answered, as a client reads it."""
    return json.loads(
        model.codec.encode(model.predict(Request(sources, k or [1] * len(sources))), MediaType.parse("application/json"))
    )


def load(tmp_path, golden: str, name: str = "model.bin") -> FastTextModel:
    """As from an archive that holds this one file."""
    shutil.copy(HERE / golden, tmp_path / name)
    return FastTextModel.load(tmp_path)


@pytest.mark.parametrize("golden", ["softmax.bin", "hs.bin", "pruned.ftz", "quantised.ftz"])
def test_a_classifier_that_fasttext_made_is_served(golden, tmp_path):
    answers = ask(load(tmp_path, golden), SENTENCES, [3] * len(SENTENCES))
    assert [answer["label"] for answer in answers] == [labels for labels, _ in EXPECTED[golden]]
    for answer, (_, probabilities) in zip(answers, EXPECTED[golden], strict=True):
        np.testing.assert_allclose(answer["prob"], probabilities, atol=1e-5)


@pytest.mark.parametrize("name", ["model.bin", "vectors.bin"])
def test_word_vectors_are_served_in_the_order_and_spelling_of_the_request(name, tmp_path):
    answers = ask(load(tmp_path, "subwords.bin", name), WORDS)
    assert [answer["word"] for answer in answers] == WORDS
    np.testing.assert_allclose([answer["vector"] for answer in answers], EXPECTED["subwords.bin"], atol=1e-6)


def test_unknown_words_are_zero_without_subwords(tmp_path):
    known, unknown, both = ask(load(tmp_path, "words.bin"), ["ship", "zzyzx", "ship ship"])
    assert np.any(known["vector"])
    assert not np.any(unknown["vector"])
    assert not np.any(both["vector"]), "a word is what comes, blanks included"


def test_each_sentence_gets_as_many_labels_as_it_asks_for(tmp_path):
    model = load(tmp_path, "softmax.bin")
    answers = ask(model, ["ship"] * 4, [1, 2, 4, 1000])
    assert [len(answer["label"]) for answer in answers] == [1, 2, 4, 5]
    assert [len(answer["prob"]) for answer in answers] == [1, 2, 4, 5]
    assert all(answers[3]["label"][: len(answer["label"])] == answer["label"] for answer in answers)


def test_a_newline_in_a_sentence_is_a_blank(tmp_path):
    model = load(tmp_path, "softmax.bin")
    assert ask(model, ["stir the\nsoup", "moon"]) == ask(model, ["stir the soup", "moon"])


def test_of_a_sentence_without_any_known_word_nothing_is_said(tmp_path):
    args = Arguments(2, 5, 5, 1, 5, wordNgrams=1, loss=SOFTMAX, model=SUPERVISED, bucket=0, minn=0, maxn=0)
    dictionary = Dictionary(tokens.index([b"ship", b"__label__sea", b"__label__sky"]), 1, np.array([3, 2, 1]), 6)
    binary = Binary(args, dictionary, np.ones((1, 2), np.float32), np.array([[1, 1], [0, 0]], np.float32))
    unknown, known = ask(FastTextModel(binary), ["zzyzx", "zzyzx ship"], [2, 2])
    assert unknown == {"label": [], "prob": []}
    assert known["label"] == ["__label__sea", "__label__sky"]
    assert known["prob"] == pytest.approx([np.exp(2) / (np.exp(2) + 1), 1 / (np.exp(2) + 1)], abs=2e-5)


def test_the_classifier_comes_before_vectors_and_strangers_are_ignored(tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(b"x")
    shutil.copy(HERE / "words.bin", tmp_path / "vectors.bin")
    assert "label" in ask(load(tmp_path, "softmax.bin"), ["ship"])[0]


def test_a_directory_without_a_binary_is_refused(tmp_path):
    (tmp_path / "lid.176.bin").write_bytes(b"x")
    with pytest.raises(UserError, match=r"expected model\.bin or vectors\.bin, a fastText binary, got lid\.176\.bin"):
        FastTextModel.load(tmp_path)
    with pytest.raises(UserError, match="got nothing"):
        FastTextModel.load(tmp_path / "absent")

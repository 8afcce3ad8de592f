"""`vectors.txt` opens elsewhere, with the very numbers."""

import numpy as np

from algorithms.blazingtext import vectors
from algorithms.blazingtext.fasttext import Binary
from algorithms.blazingtext.fasttext.prediction import WordVectors
from tests.algorithms.blazingtext.golden import HERE


def test_gensim_reads_the_words_in_their_order_and_the_same_float32(tmp_path, monkeypatch):
    from gensim.models import KeyedVectors

    monkeypatch.setattr(vectors, "BLOCK", 7)  # several blocks, the last not full
    binary = Binary.read(HERE / "subwords.bin")
    words = binary.dictionary.text(range(binary.dictionary.words))
    lookup = WordVectors(binary)
    vectors.write(tmp_path / "vectors.txt", words, binary.args.dim, lookup)
    read = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors.txt"), binary=False)
    assert read.index_to_key == words
    assert np.array_equal(read.vectors, lookup(words))


def test_the_format_to_the_byte(tmp_path):
    rows = {"</s>": [0.5, -1e-7], "naïve": [1.0, 0.1]}
    vectors.write(tmp_path / "v", list(rows), 2, lambda words: np.array([rows[word] for word in words], np.float32))
    assert (tmp_path / "v").read_text("utf-8") == "2 2\n</s> 0.5 -1e-7\nnaïve 1.0 0.1\n"


def test_one_word_of_one_dimension(tmp_path):
    vectors.write(tmp_path / "v", ["w"], 1, lambda words: np.array([[2.5]], np.float32))
    assert (tmp_path / "v").read_text() == "1 1\nw 2.5\n"

"""fastText's binaries: read and written to the byte, its own answers given, and nothing else taken for one."""

import json
import struct
import subprocess

import numpy as np
import pytest

from algorithms.blazingtext.fasttext import Binary
from algorithms.blazingtext.fasttext.arguments import SKIPGRAM, Arguments
from algorithms.blazingtext.fasttext.prediction import STRETCH, Labels, WordVectors
from containers.errors import UserError
from tests.algorithms.blazingtext.golden import CLASSIFIERS, EXPECTED, HERE, SENTENCES, VECTORS, WORDS
from tests.environment import interpreter

ARGUMENTS = 8
DICTIONARY = ARGUMENTS + Arguments.size()


def predict(labels: Labels, sentences: list[str], k: int = 3) -> list[tuple[list[str], list[float]]]:
    found, probabilities = labels("".join(sentence + "\n" for sentence in sentences).encode(), k)
    return [
        (
            [labels.names[label] for label in row if label >= 0],
            [float(p) for p, label in zip(each, row, strict=True) if label >= 0],
        )
        for row, each in zip(found, probabilities, strict=True)
    ]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_and_probabilities_are_those_of_the_official_package(name):
    answers = predict(Labels(Binary.read(HERE / name)), SENTENCES)
    assert [labels for labels, _ in answers] == [labels for labels, _ in EXPECTED[name]]
    for (_, ours), (_, theirs) in zip(answers, EXPECTED[name], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-6)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_those_of_the_official_package_of_unknown_words_too(name):
    np.testing.assert_allclose(WordVectors(Binary.read(HERE / name))(WORDS), EXPECTED[name], atol=1e-6)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_read_is_written_to_the_byte(name, tmp_path):
    Binary.read(HERE / name).write(tmp_path / "again.bin")
    assert (tmp_path / "again.bin").read_bytes() == (HERE / name).read_bytes()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_lines_are_answered_alike_one_by_one_and_together(name):
    labels = Labels(Binary.read(HERE / name))
    assert [answer for sentence in SENTENCES for answer in predict(labels, [sentence])] == predict(labels, SENTENCES)


def test_a_text_of_several_stretches_is_answered_line_by_line():
    labels = Labels(Binary.read(HERE / "softmax.bin"))
    long = ["ship " * (STRETCH // 5 + 1), "soup", "moon " * (STRETCH // 5 + 1), "road", ""]
    assert predict(labels, long) == [answer for sentence in long for answer in predict(labels, [sentence])]


@pytest.mark.parametrize("name", ["softmax.bin", "hs.bin"])
def test_more_labels_than_there_are_give_all_of_them(name):
    labels = Labels(Binary.read(HERE / name))
    for said, probabilities in predict(labels, SENTENCES[:3], k=100):
        assert sorted(said) == sorted(labels.names) or name == "hs.bin"  # whose least probable labels fastText leaves out, too
        assert probabilities == sorted(probabilities, reverse=True)


def test_fewer_labels_are_the_first_of_more():
    labels = Labels(Binary.read(HERE / "quantised.ftz"))
    most = predict(labels, SENTENCES, k=20)
    for k in (1, 2, 7):
        assert predict(labels, SENTENCES, k) == [(said[:k], probabilities[:k]) for said, probabilities in most]


def test_the_matrices_are_left_in_the_file():
    for name in EXPECTED:
        binary = Binary.read(HERE / name)
        for matrix in (binary.input, binary.output):
            values = matrix if isinstance(matrix, np.ndarray) else matrix.codes
            assert not values.flags.owndata
            assert not values.flags.writeable


def damaged(tmp_path, content: bytes) -> str:
    """The message with which a file is refused."""
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        Binary.read(path)
    assert str(refusal.value).startswith("model.bin: expected at byte ")
    return str(refusal.value)


@pytest.mark.parametrize("name", ["pruned.ftz", "quantised.ftz", "subwords.bin"])
def test_a_file_that_is_cut_short_is_refused_wherever_it_ends(name, tmp_path):
    content = (HERE / name).read_bytes()
    ends = {0, 3, 4, 8, *range(ARGUMENTS, DICTIONARY + 200, 7), *range(DICTIONARY, len(content), 997), len(content) - 1}
    for end in sorted(ends):
        damaged(tmp_path, content[:end])


def test_what_is_missing_is_said(tmp_path):
    content = (HERE / "softmax.bin").read_bytes()
    assert damaged(tmp_path, b"") == (
        "model.bin: expected at byte 0: fastText's magic number, 4 bytes, but the file ends after 0 of them"
    )
    assert "the output matrix, 160 bytes, but the file ends after 155 of them" in damaged(tmp_path, content[:-5])
    assert "entry 3 of the" in damaged(tmp_path, content[: DICTIONARY + 28 + 20] + b"x" * 1000)


def test_other_files_and_versions_are_refused(tmp_path):
    content = (HERE / "softmax.bin").read_bytes()
    assert damaged(tmp_path, b"PK\3\4" + content[4:]).endswith("magic number 793712314, got 67324752")
    assert damaged(tmp_path, content[:4] + struct.pack("<i", 13) + content[8:]) == (
        "model.bin: expected at byte 4: version 11 or 12 of fastText's format, got 13"
    )


def test_numbers_that_would_lead_out_of_a_matrix_are_refused(tmp_path):
    content = (HERE / "softmax.bin").read_bytes()
    args = Arguments.unpack(content[ARGUMENTS:DICTIONARY])

    def with_args(**values: int) -> bytes:
        return content[:ARGUMENTS] + args._replace(**values).pack() + content[DICTIONARY:]

    assert "input matrix of" in damaged(tmp_path, with_args(bucket=100_000))
    assert "input matrix of" in damaged(tmp_path, with_args(dim=9))
    assert "arguments of a model" in damaged(tmp_path, with_args(loss=5))
    assert "arguments of a model" in damaged(tmp_path, with_args(model=0))
    assert "arguments of a model" in damaged(tmp_path, with_args(dim=0))
    sizes = struct.pack("<3i", -1, 0, -1)
    assert "sizes of a dictionary" in damaged(tmp_path, content[:DICTIONARY] + sizes + content[DICTIONARY + 12 :])
    pruned = (HERE / "pruned.ftz").read_bytes()
    kept = Binary.read(HERE / "pruned.ftz").dictionary.pruned.astype("<i4").tobytes()
    wrong = struct.pack("<2i", 0, 1 << 30) + kept[8:]
    assert pruned.count(kept) == 1
    assert "input matrix of" in damaged(tmp_path, pruned.replace(kept, wrong))


@pytest.mark.parametrize("count", [-1, 1 << 60])
def test_counts_that_make_no_tree_are_refused(count, tmp_path):
    content = (HERE / "hs.bin").read_bytes()
    label = b"__label__long\0"
    place = content.index(label) + len(label)
    assert "counts of words and labels" in damaged(tmp_path, content[:place] + struct.pack("<q", count) + content[place + 8 :])


def test_classifiers_of_version_11_have_no_subwords(tmp_path):
    content = (HERE / "softmax.bin").read_bytes()
    args = Arguments.unpack(content[ARGUMENTS:DICTIONARY])._replace(minn=3, maxn=6)  # as they may say
    old = content[:4] + struct.pack("<i", 11) + args.pack() + content[DICTIONARY:]
    (tmp_path / "old.bin").write_bytes(old)
    assert predict(Labels(Binary.read(tmp_path / "old.bin")), SENTENCES) == predict(
        Labels(Binary.read(HERE / "softmax.bin")), SENTENCES
    )


PEER = """
import json, sys, fasttext
words, sentences, paths = json.load(sys.stdin)
answers = []
for path in paths:
    model = fasttext.load_model(path)
    if "vectors" in path:
        answers.append([model.get_word_vector(word).tolist() for word in words])
    else:
        labels, probabilities = model.predict(sentences, k=3)
        answers.append([[list(of), [float(p) for p in each]] for of, each in zip(labels, probabilities)])
json.dump(answers, sys.stdout)
"""


@pytest.mark.slow
def test_the_official_package_reads_what_is_written_and_answers_the_same(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name, source in (("model.bin", "hs.bin"), ("vectors.bin", "subwords.bin")):
        binary = Binary.read(HERE / source)
        for matrix in ("input", "output"):
            values = rng.normal(size=getattr(binary, matrix).shape).astype(np.float32)
            object.__setattr__(binary, matrix, values)
        paths.append(tmp_path / name)
        binary.write(paths[-1])
    python = interpreter("fasttext", ["fasttext==0.9.3", "numpy<2", "flask", "gunicorn"])
    question = json.dumps([WORDS, SENTENCES, [str(path) for path in paths]])
    run = subprocess.run([python, "-c", PEER], input=question, capture_output=True, text=True, check=True)
    labels, vectors = json.loads(run.stdout)
    model, words = (Binary.read(path) for path in paths)
    assert words.args.model == SKIPGRAM
    np.testing.assert_allclose(WordVectors(words)(WORDS), vectors, atol=1e-6)
    ours = predict(Labels(model), SENTENCES)
    assert [said for said, _ in ours] == [said for said, _ in labels]
    for (_, mine), (_, theirs) in zip(ours, labels, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)

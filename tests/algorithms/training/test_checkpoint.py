"""Checkpoint files."""

import logging

import numpy as np
import pytest

from algorithms.training import checkpoint

TENSORS = {
    "scalar": np.int64(7) * np.ones((), np.int64),
    "vector": np.arange(3.0),
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3).T,  # not contiguous
    "empty": np.zeros((0, 4), np.uint8),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoints" / "state.safetensors"


def test_what_is_saved_is_loaded(path):
    state = {"epoch": 3, "best": None, "text": "naïve"}
    checkpoint.save(path, TENSORS, state)
    tensors, found = checkpoint.load(path)
    assert found == state
    assert tensors.keys() == TENSORS.keys()
    for name, value in TENSORS.items():
        assert (tensors[name].shape, tensors[name].dtype) == (value.shape, value.dtype)
        np.testing.assert_array_equal(tensors[name], value)


def test_last_one_counts_and_nothing_else_is_left(path):
    checkpoint.save(path, TENSORS, {"epoch": 1})
    checkpoint.save(path, {"vector": np.ones(2)}, {"epoch": 2})
    tensors, state = checkpoint.load(path)
    assert (list(tensors), state) == (["vector"], {"epoch": 2})
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_save_that_fails_leaves_the_one_before(path):
    checkpoint.save(path, TENSORS, {"epoch": 1})
    with pytest.raises(TypeError):
        checkpoint.save(path, TENSORS, {"epoch": object()})
    assert checkpoint.load(path)[1] == {"epoch": 1}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_none_is_there(path):
    assert checkpoint.load(path) is None


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 60, -1])
def test_truncated_file_is_ignored_with_a_warning(path, caplog, keep):
    checkpoint.save(path, TENSORS, {"epoch": 1})
    path.write_bytes(path.read_bytes()[:keep])
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load(path) is None
    assert "cannot be read, starting anew" in caplog.text


@pytest.mark.parametrize("content", [b"not a checkpoint at all", b"\xff" * 200, b"\x02\0\0\0\0\0\0\0{}"])
def test_strange_file_is_ignored_with_a_warning(path, caplog, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert checkpoint.load(path) is None
    assert "starting anew" in caplog.text


def test_every_damaged_byte_of_the_header_is_survived(path):
    """Either the file is refused, or it holds what JSON can hold; no other error gets out."""
    checkpoint.save(path, {"vector": np.ones(2)}, {"epoch": 1})
    whole = path.read_bytes()
    for place in range(len(whole) - 16):
        for flip in (1, 0x80):
            damaged = bytearray(whole)
            damaged[place] ^= flip
            path.write_bytes(damaged)
            found = checkpoint.load(path)
            assert found is None or isinstance(found[0], dict)

"""What is refused while the rows are read."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import recordio
from algorithms.linear_learner import sizing
from algorithms.linear_learner.data import read
from containers.channels import Channel
from containers.errors import UserError
from containers.media import MediaType
from tests.algorithms.linear_learner.fitting import parse


def rows(tmp_path, content_type=None, **hyperparameters):
    media = MediaType.parse(content_type) if content_type else None
    return list(read(Channel("train", tmp_path, content_type=media), parse(**hyperparameters), 0))


@pytest.mark.parametrize("labels", [0, 2])
def test_there_is_one_label(tmp_path, labels):
    (tmp_path / "a.csv").write_text("0,1,2\n1,2,3\n")
    with pytest.raises(UserError, match="channel 'train': content type text/csv with label_size: expected 1"):
        rows(tmp_path, f"text/csv; label_size={labels}")


@pytest.mark.parametrize("width", [2**31 + 5, 2**40, 2**62])
def test_a_width_that_is_only_claimed_is_refused(tmp_path, width):
    row = csr_array((np.ones(1, np.float32), ([0], [3])), shape=(1, width))
    recordio.write(tmp_path / "a.pbr", row, np.zeros(1, np.float32))
    with pytest.raises(UserError, match=rf"channel 'train': one model of {width} features x 1 outputs would take .* GB"):
        rows(tmp_path)


def test_more_models_than_fit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sizing, "memory_limit", lambda: 1_000_000)
    (tmp_path / "a.csv").write_text("0,1,2\n1,2,3\n")
    assert rows(tmp_path, "text/csv", num_models=10)
    with pytest.raises(UserError, match="1000 models of 2 features"):
        rows(tmp_path, "text/csv", num_models=1000)


def test_unbiasing_sparse_features_needs_the_bias(tmp_path):
    recordio.write(tmp_path / "a.pbr", csr_array(np.eye(3, dtype=np.float32)), np.zeros(3, np.float32))
    with pytest.raises(UserError, match=r"unbias_data.*use_bias=false"):
        rows(tmp_path, unbias_data="true", use_bias="false")
    assert not rows(tmp_path, unbias_data="true", use_bias="false", force_dense="true")[0].is_sparse
    assert rows(tmp_path, unbias_data="true")[0].is_sparse


def test_classes_count_for_multiclass_alone():
    assert parse(predictor_type="binary_classifier", num_classes="2").outputs == 1
    for given, problem in (({}, "required"), ({"num_classes": "2"}, "2 is too few")):
        with pytest.raises(UserError, match=f"num_classes: {problem}; .* expects an integer from 3 to 1000000"):
            parse(predictor_type="multiclass_classifier", **given)

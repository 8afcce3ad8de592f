"""Models that old releases saved and pickled (``golden/make.py`` made them) predict today what they predicted then."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import xgboost

from algorithms.xgboost import legacy, pickles
from algorithms.xgboost.ensemble import Member
from algorithms.xgboost.files import load
from containers.errors import UserError

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = {path.parent: json.loads(path.read_text()) for path in sorted(GOLDEN.glob("*/expected.json"))}
MODELS = [
    pytest.param(folder, name, id=f"{folder.name}-{name}") for folder, made in EXPECTED.items() for name in made["predictions"]
]
BINARY = GOLDEN / "1.7.6" / "softprob"


@pytest.mark.parametrize(("folder", "name"), MODELS)
def test_predicts_as_the_release_that_made_it(folder, name):
    rows = np.array(EXPECTED[folder]["rows"], np.float32)  # None becomes NaN
    booster = load(folder / name, allow_pickle=True)
    np.testing.assert_allclose(Member(booster).predict(rows), EXPECTED[folder]["predictions"][name], rtol=1e-6)
    assert booster.attr("note") == "kept"


@pytest.mark.parametrize("name", ["softprob", "dart", "pruned", "gblinear"])
def test_a_binary_model_saved_again_is_one_of_today(tmp_path, name):
    load(GOLDEN / "1.7.6" / name, allow_pickle=False).save_model(tmp_path / "model.ubj")
    again = xgboost.Booster(model_file=tmp_path / "model.ubj")
    rows = np.array(EXPECTED[GOLDEN / "1.7.6"]["rows"], np.float32)
    expected = EXPECTED[GOLDEN / "1.7.6"]["predictions"][name]
    np.testing.assert_allclose(again.predict(xgboost.DMatrix(rows)), expected, rtol=1e-6)


@pytest.mark.parametrize("folder", [folder for folder in EXPECTED if folder.name < "2"], ids=lambda folder: folder.name)
def test_binary_models_are_recognized_by_their_beginning(folder):
    assert legacy.recognized((folder / "logistic").read_bytes()[:400])


@pytest.mark.parametrize("data", [b"", b"binf", b"{}", b"x" * 400, bytes(400)])
def test_other_files_are_not(data):
    assert not legacy.recognized(data)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_cut_binary_model_is_refused(tmp_path, share):
    data = BINARY.read_bytes()
    path = tmp_path / "xgboost-model"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(UserError, match=r"xgboost-model: not readable as an XGBoost model: .*ends in the middle, at byte \d+"):
        load(path, allow_pickle=False)


def test_a_pickle_needs_permission():
    with pytest.raises(UserError, match=r"logistic\.pkl: a pickled model; set DRYDOCK_ALLOW_PICKLE=true"):
        load(GOLDEN / "0.90" / "logistic.pkl", allow_pickle=False)


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_pickle_runs_nothing_even_with_permission(tmp_path, protocol):
    path, touched = tmp_path / "xgboost-model", tmp_path / "touched"
    path.write_bytes(pickle.dumps(Hostile(touched), protocol=protocol))
    with pytest.raises(UserError, match=r"expected a pickled xgboost\.core\.Booster, and in it no \w+"):
        load(path, allow_pickle=True)
    assert not touched.exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_todays_boosters_are_unpickled_whatever_the_protocol(tmp_path, protocol):
    rows = np.arange(40, dtype=np.float32).reshape(20, 2)
    booster = xgboost.train({}, xgboost.DMatrix(rows, rows[:, 0]), 3)
    path = tmp_path / "xgboost-model"
    path.write_bytes(pickle.dumps(booster, protocol=protocol))
    again = load(path, allow_pickle=True)
    np.testing.assert_array_equal(again.inplace_predict(rows), booster.inplace_predict(rows))


@pytest.mark.parametrize("content", [b"\x80\x04", pickle.dumps([1, 2]), pickle.dumps("text")[:-3]])
def test_damaged_or_foreign_pickles_are_refused(content):
    with pytest.raises(ValueError, match="not a pickled Booster"):
        pickles.unpickle(content)

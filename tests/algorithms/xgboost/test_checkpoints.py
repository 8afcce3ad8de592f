"""Checkpoints: a run that was interrupted ends with the model of one that was not, however rows and columns are drawn."""

import logging

import pytest
import xgboost

from algorithms.xgboost.checkpoints import Checkpoints
from containers.errors import UserError
from tests.algorithms.xgboost.boosting import boosted, job_of, matrix, sources

DRAWN = {"subsample": 0.5, "colsample_bytree": 0.7, "colsample_bynode": 0.5}


def names(directory) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize(
    "given",
    [
        {},
        DRAWN,
        DRAWN | {"tree_method": "approx"},
        {"subsample": 0.5, "colsample_bytree": 0.7, "tree_method": "exact"},
        DRAWN | {"num_parallel_tree": 3},
        {"booster": "dart", "rate_drop": 0.3, "one_drop": 1, "subsample": 0.5},
        {"booster": "gblinear"},
        {"objective": "multi:softprob", "num_class": 3, **DRAWN},
        {"sampling_method": "gradient_based", "subsample": 0.3},
    ],
)
def test_a_run_that_goes_on_ends_where_one_that_was_not_interrupted_ends(tmp_path, given):
    plain = given.get("booster") == "gblinear" or given.get("tree_method") in ("approx", "exact")
    objective = given.get("objective", "reg:squarederror")
    given = given | {"seed": 3, "objective": objective}
    whole = boosted(job_of(tmp_path / "whole", checkpoints=True, **given), sources(objective, plain))
    boosted(job_of(tmp_path / "cut", checkpoints=True, **given, num_round=5), sources(objective, plain))
    rest = boosted(job_of(tmp_path / "cut", checkpoints=True, **given), sources(objective, plain))
    assert rest.first == 5
    assert rest.history == whole.history[5:]
    assert rest.booster.save_raw("ubj") == whole.booster.save_raw("ubj")


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
def test_early_stopping_goes_on_counting(tmp_path, booster):
    given = {"num_round": 200, "eta": 0.5, "early_stopping_rounds": 6, "booster": booster, "seed": 1}
    given |= {"rate_drop": 0.1} if booster == "dart" else {}
    whole = boosted(job_of(tmp_path / "whole", checkpoints=True, **given), sources())
    best = int(whole.booster.attr("best_iteration"))
    rest = None
    for rounds in (best + 3, 200, 200):  # cut while it waits, then where it had already ended
        rest = boosted(job_of(tmp_path / "cut", checkpoints=True, **given | {"num_round": rounds}), sources())
        assert rest.booster.save_raw("ubj") == whole.booster.save_raw("ubj")
    assert rest.first == best + 7 and rest.history == []


def test_the_newest_five_are_kept(tmp_path):
    boosted(job_of(tmp_path, checkpoints=True), sources())
    assert names(tmp_path / "checkpoints") == [f"xgboost-checkpoint.{number}" for number in (10, 11, 7, 8, 9)]
    newest = xgboost.Booster(model_file=tmp_path / "checkpoints" / "xgboost-checkpoint.11")
    assert newest.num_boosted_rounds() == 12


def test_a_file_that_the_platform_copies_is_left_alone(tmp_path):
    directory = tmp_path / "checkpoints"
    directory.mkdir()
    (directory / "xgboost-checkpoint.2.sagemaker-uploading").touch()
    (directory / "xgboost-checkpoint.3.sagemaker-uploading").touch()
    (directory / "xgboost-checkpoint.3.sagemaker-uploaded").touch()
    boosted(job_of(tmp_path, checkpoints=True), sources())
    kept = {int(name.rpartition(".")[2]) for name in names(directory) if name.startswith("xgboost") and "sage" not in name}
    assert kept == {2, 7, 8, 9, 10, 11}


def test_one_that_cannot_be_read_is_passed_over(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    boosted(job_of(tmp_path, checkpoints=True, num_round=6), sources())
    (tmp_path / "checkpoints" / "xgboost-checkpoint.5").write_bytes(b"{L\x00 torn")
    (tmp_path / "checkpoints" / "xgboost-checkpoint.9.sagemaker-ignore").write_bytes(b"half")
    (tmp_path / "checkpoints" / "other").write_bytes(b"")
    _, rounds = Checkpoints(tmp_path / "checkpoints").latest()
    assert rounds == 5
    assert "xgboost-checkpoint.5 cannot be read, trying the one before" in caplog.text


def test_of_other_data_is_refused(tmp_path):
    boosted(job_of(tmp_path, checkpoints=True, num_round=2), sources())
    x, y = matrix().get_data(), matrix().get_label()
    with pytest.raises(UserError, match="the checkpoint is of 8 features, the data have 7"):
        boosted(job_of(tmp_path, checkpoints=True), {"train": xgboost.DMatrix(x[:, :7], y)})


def test_without_a_directory_nothing_is_written(tmp_path):
    boosted(job_of(tmp_path), sources())
    assert names(tmp_path) == ["output"]

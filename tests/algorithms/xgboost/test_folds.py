"""Cross-validation: every row is held out once a repetition, and what is said of it then is written down."""

import logging
import re
from dataclasses import replace

import numpy as np
import pytest
import xgboost

from algorithms.xgboost import XGBoost, library
from algorithms.xgboost.folds import Folds, HeldOut, fit_folds
from algorithms.xgboost.plan import Plan
from containers.errors import UserError
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.reporting.metrics import Reporter
from tests.algorithms.xgboost.boosting import job_of, matrix, table

IMPORTANCE = "features that matter most"


def run(job: TrainingJob, monkeypatch, objective: str = "reg:squarederror") -> None:
    """Cross-validation over rows made in memory, in the place of those of channels."""
    monkeypatch.setattr("algorithms.xgboost.matrices.combined", lambda job: matrix(objective, plain=True))
    plan = Plan.of(job.hyperparameters, None, True)
    with library.speaking(), Reporter(XGBoost(), "algo-1", job.output_dir) as report:
        fit_folds(job, report, plan, Folds.of(job))


def predictions(job: TrainingJob) -> np.ndarray:
    return np.loadtxt(job.output_dir / "predictions.csv", delimiter=",")


@pytest.mark.parametrize("by_class", [False, True])
@pytest.mark.parametrize("rows", [7, 100])
def test_every_row_is_held_out_once_a_repetition(rows, by_class):
    labels = np.repeat([0.0, 1.0], [rows - rows // 4, rows // 4])
    cuts = [*Folds(3, 2).cut(labels, by_class, seed=0)]
    assert len(cuts) == 6
    for repetition in (cuts[:3], cuts[3:]):
        assert sorted(np.concatenate([outside for _, outside in repetition])) == [*range(rows)]
    for inside, outside in cuts:
        assert sorted([*inside, *outside]) == [*range(rows)]
        assert abs(len(outside) - rows / 3) < 1
        if by_class:
            assert abs(labels[outside].sum() - labels.sum() / 3) < 1
    assert not np.array_equal(cuts[0][1], cuts[3][1])
    assert all(np.array_equal(a, b) for a, b in zip(cuts[0], next(Folds(3, 2).cut(labels, by_class, seed=0)), strict=True))


def test_a_model_a_fold_and_what_it_says_of_the_rows_it_has_not_seen(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    job = job_of(tmp_path, _kfold=3, num_round=5)
    run(job, monkeypatch)
    names = {str(path.relative_to(job.model_dir)) for path in job.model_dir.rglob("*") if path.is_file()}
    assert names == {"xgboost-model-0", "xgboost-model-1", "xgboost-model-2", "drydock/importance.csv"}
    x, y = table()
    expected = np.zeros(len(y))
    for number, (inside, outside) in enumerate(Folds(3, 1).cut(y, False, 0)):
        theirs = xgboost.train({"nthread": 1}, xgboost.DMatrix(x[inside], y[inside]), 5)
        ours = xgboost.Booster(model_file=job.model_dir / f"xgboost-model-{number}")
        expected[outside] = theirs.predict(xgboost.DMatrix(x[outside]))
        assert np.allclose(ours.predict(xgboost.DMatrix(x[outside])), expected[outside], atol=1e-5)
    assert np.allclose(predictions(job), np.column_stack([y, expected]), atol=1e-5)
    header, *rows = (job.model_dir / "drydock" / "importance.csv").read_text().splitlines()
    assert header.startswith("model,feature,gain")
    assert {row.split(",")[0] for row in rows} == {"0", "1", "2"}
    lines = [re.findall(r"\[(\d+)\]\t.*validation-rmse:(\S+)", record.getMessage()) for record in caplog.records]
    (told,) = [float(found[0][1]) for found in lines if found and found[0][0] == "5"]
    last = [float(found[0][1]) for found in lines if found and found[0][0] == "4"]
    assert told == pytest.approx(np.mean(last)) and len(last) == 3


@pytest.mark.parametrize(
    ("given", "figures"),
    [
        ({}, ["Predictions against labels, 600 rows.", "Errors.", "rmse by round", IMPORTANCE]),
        ({"objective": "binary:logistic"}, ["ROC curve.", "Confusion matrix", "logloss by round", IMPORTANCE]),
        ({"objective": "multi:softprob", "num_class": 3}, ["Confusion matrix", "mlogloss by round", IMPORTANCE]),
        ({"objective": "survival:aft"}, ["aft-nloglik by round", IMPORTANCE]),
    ],
)
def test_there_is_a_report(tmp_path, monkeypatch, given, figures):
    job = job_of(tmp_path, _kfold=2, num_round=3, **given)
    run(job, monkeypatch, job.hyperparameters.loss)
    page = (job.output_dir / "report.html").read_text()
    assert page.count("<svg") == len(figures)
    assert [figure for figure in figures if figure not in page] == []
    assert "Metrics over the models" in page


def test_no_report_where_none_is_wanted(tmp_path, monkeypatch):
    job = job_of(tmp_path, _kfold=2, num_round=2)
    run(replace(job, settings=replace(job.settings, report=False)), monkeypatch)
    assert not (job.output_dir / "report.html").exists()


@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob", "multi:softmax"])
def test_classes_are_voted_for(tmp_path, monkeypatch, objective):
    classes = {"num_class": 3} if objective.startswith("multi") else {}
    job = job_of(tmp_path, _kfold=2, _num_cv_round=3, num_round=5, objective=objective, **classes)
    run(job, monkeypatch, objective)
    labels, score, said = predictions(job).T
    assert np.array_equal(labels, table(objective)[1])
    assert len({*job.model_dir.glob("xgboost-model-*")}) == 6
    assert {*said} == {*labels}
    assert np.mean(said == labels) > 0.6
    if objective == "binary:logistic":
        assert np.mean((score > 0.5) == said) > 0.95


def test_means_and_votes():
    held_out = HeldOut(np.array([0.0, 1.0, 1.0]), "binary:logistic")
    for scores in ([0.2, 0.4, 0.9], [0.4, 0.9, 0.7], [0.3, 0.2, 0.8]):
        held_out.record(np.arange(3), np.array(scores))
    assert np.allclose(held_out.table(), [[0, 0.3, 0], [1, 0.5, 0], [1, 0.8, 1]])


def test_a_job_that_is_stopped_keeps_the_folds_so_far(tmp_path, monkeypatch):
    job = job_of(tmp_path, _kfold=3)
    job.stop.set()
    run(job, monkeypatch)
    assert [path.name for path in job.model_dir.glob("xgboost-model-*")] == ["xgboost-model-0"]
    assert 0 < len(predictions(job)) < len(table()[1])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"_kfold": "1"}, "_kfold: expected an integer >= 2, got '1'"),
        ({"_kfold": "x"}, "_kfold: expected an integer >= 2, got 'x'"),
        ({"_kfold": "3", "_num_cv_round": "0"}, "_num_cv_round: expected an integer >= 1, got '0'"),
        ({"_kfold": "3", "objective": "rank:ndcg"}, "query groups of objective=rank:ndcg cannot be cut"),
    ],
)
def test_what_cannot_be(tmp_path, given, says):
    with pytest.raises(UserError, match=says):
        Folds.of(job_of(tmp_path, **given))


def test_one_host_only(tmp_path):
    job = job_of(tmp_path, _kfold="3")
    several = TrainingJob(job.name, job.hyperparameters, {}, Hosts("a", ("a", "b")), job.settings)
    with pytest.raises(UserError, match="_kfold: rows are cut on one host, and the job has 2"):
        Folds.of(several)
    assert Folds.of(job_of(tmp_path)) is None


def test_fewer_rows_than_folds(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="_kfold: 601 folds need as many rows, and there are 600"):
        run(job_of(tmp_path, _kfold="601"), monkeypatch)

"""The report: every kind of model has one, with what can be said of it."""

import re

import numpy as np
import pytest

from algorithms.xgboost.plan import Plan
from algorithms.xgboost.report import _rates, write_report
from tests.algorithms.xgboost.boosting import boosted, job_of, sources

CURVES = "by round."


@pytest.mark.parametrize(
    ("given", "captions"),
    [
        ({}, ["Predictions against labels, 600 rows.", "Errors.", f"rmse {CURVES}", "features that matter most."]),
        ({"objective": "binary:logistic", "eval_metric": "auc,accuracy"},
         ["ROC curve.", "Confusion matrix, unweighted.", f"auc {CURVES}", f"accuracy {CURVES}", "features that matter most."]),
        ({"objective": "multi:softprob", "num_class": 3},
         ["Confusion matrix, unweighted.", f"mlogloss {CURVES}", "features that matter most."]),
        ({"objective": "rank:ndcg"}, [f"ndcg {CURVES}", "features that matter most."]),
        ({"objective": "survival:aft"}, [f"aft-nloglik {CURVES}", "features that matter most."]),
        ({"booster": "gblinear"},
         ["Predictions against labels, 600 rows.", "Errors.", f"rmse {CURVES}", "features that matter most."]),
        ({"objective": "multi:softmax", "num_class": 3, "booster": "gblinear"},
         ["Confusion matrix, unweighted.", f"mlogloss {CURVES}", "features that matter most."]),
    ],
)  # fmt: skip
def test_figures(tmp_path, given, captions):
    job = job_of(tmp_path, **given, num_round=3)
    data = sources(job.hyperparameters.loss, plain=given.get("booster") == "gblinear")
    write_report(job, Plan.of(job.hyperparameters, None, True), boosted(job, data), data)
    page = (job.output_dir / "report.html").read_text()
    assert page.count("<svg") == len(captions)
    assert [caption for caption in captions if caption not in page] == []
    assert "Metrics of the published model." in page


def test_the_table_holds_the_best_round(tmp_path):
    job = job_of(tmp_path, num_round=100, eta=0.9, early_stopping_rounds=2)
    data = sources()
    trained = boosted(job, data)
    write_report(job, Plan.of(job.hyperparameters, None, True), trained, data)
    page = re.sub(r"<[^>]*>", " ", (job.output_dir / "report.html").read_text())
    assert f"Round {trained.booster.attr('best_iteration')} was the best by validation:rmse" in page
    assert f"{trained.results['validation:rmse']:.6g}" in page


def test_a_model_that_learnt_nothing(tmp_path):
    job = job_of(tmp_path, num_round=1, gamma=1e9)
    data = {"train": sources()["train"]}
    write_report(job, Plan.of(job.hyperparameters, None, False), boosted(job, data), data)
    assert "Importance" not in (job.output_dir / "report.html").read_text()


def test_rates_are_those_of_a_roc_curve():
    from sklearn.metrics import roc_curve

    rng = np.random.default_rng(0)
    true, scores = rng.random(200) > 0.6, rng.integers(0, 20, 200) / 20
    known = roc_curve(true, scores, drop_intermediate=False)
    assert np.allclose(_rates(scores, true), known[:2])

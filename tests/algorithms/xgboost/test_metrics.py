"""Metrics: the library knows all that are not ours, for the objectives that they are said to fit; what is asked for is told."""

import math

import numpy as np
import pytest
import xgboost

from algorithms.xgboost.hyperparameters import OBJECTIVES, XGBoostHyperparameters
from algorithms.xgboost.metrics import DEFAULTS, METRICS, log_line, metric_of, misfits
from algorithms.xgboost.plan import Plan
from containers.errors import UserError
from tests.algorithms.xgboost.boosting import boosted, job_of, sources

#: Sound metrics of data that do not suit them: relevances that are not binary, no classes, labels that have no logarithm.
UNSUITED = {"auc", "aucpr", "map", "ndcg"}


def hp(**given) -> XGBoostHyperparameters:
    return XGBoostHyperparameters.parse({"num_round": 1, **given})


@pytest.mark.parametrize("objective", [objective for objective in OBJECTIVES if objective != "reg:linear"])
def test_every_metric_that_fits_is_computed(tmp_path, objective):
    classes = {"num_class": 3} if objective.startswith("multi:") else {}
    names = [name for name in METRICS if not [*misfits([name], objective)]]
    if not objective.startswith(("binary:", "reg:logistic", "multi:")):
        names = [name for name in names if name not in UNSUITED]
    if objective in ("rank:pairwise", "rank:ndcg"):
        names.append("ndcg")
    if objective == "rank:map":
        names += ["map", "ndcg", "auc", "aucpr"]
    job = job_of(tmp_path, num_round=2, objective=objective, eval_metric=",".join(names), **classes)
    trained = boosted(job, sources(objective))
    assert [*trained.history[-1]] == [f"{channel}:{name}" for channel in ("train", "validation") for name in names]
    if objective.startswith(("multi:", "binary:logistic")):
        assert all(map(math.isfinite, (v for k, v in trained.history[-1].items() if not k.endswith("mape"))))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_has_a_default_that_fits(tmp_path, objective):
    name = DEFAULTS.get(objective, "rmse")
    assert [*misfits([name], objective.replace("linear", "squarederror"))] == []
    classes = {"num_class": 3} if objective.startswith("multi:") else {}
    trained = boosted(job_of(tmp_path, num_round=1, objective=objective, **classes), sources(objective))
    assert [*trained.history[0]] == [f"train:{name}", f"validation:{name}"]
    assert all(map(math.isfinite, trained.history[0].values()))


def test_thresholds_and_cuts_are_the_library_s(tmp_path):
    names = ["error@0.7", "error@0.5", "ndcg@5-", "ndcg-", "map@3", "error"]
    data = sources("binary:logistic")
    trained = boosted(job_of(tmp_path, num_round=1, objective="binary:logistic", eval_metric=",".join(names)), data)
    told: dict = {}
    xgboost.train(
        {"objective": "binary:logistic", "eval_metric": [n for n in names if n != "error@0.5"], "nthread": 1}, data["train"], 1,
        evals=[(data["validation"], "validation")], evals_result=told, verbose_eval=False,
    )  # fmt: skip
    for name, values in told["validation"].items():
        assert trained.history[0][f"validation:{name}"] == values[0]
    assert trained.history[0]["validation:error@0.5"] == trained.history[0]["validation:error"]


def test_the_error_of_raw_scores_is_that_of_their_sign(tmp_path):
    data = sources("binary:logitraw")
    job = job_of(tmp_path, num_round=3, objective="binary:logitraw", eval_metric="error,accuracy")
    trained = boosted(job, data)
    wrong = np.mean((trained.booster.predict(data["validation"]) > 0) != data["validation"].get_label())
    assert trained.history[-1]["validation:error"] == pytest.approx(wrong)
    assert trained.history[-1]["validation:accuracy"] == pytest.approx(1 - wrong)


def test_accuracy_is_one_minus_the_weighted_error(tmp_path):
    data = sources("binary:logistic")
    for matrix in data.values():
        matrix.set_weight(np.random.default_rng(0).uniform(0.1, 4, matrix.num_row()).astype(np.float32))
    found = boosted(job_of(tmp_path, objective="binary:logistic", eval_metric="accuracy,error"), data).history[-1]
    assert found["validation:accuracy"] == pytest.approx(1 - found["validation:error"])


def test_the_tweedie_metric_has_the_power_of_the_objective(tmp_path):
    given = {"num_round": 1, "objective": "reg:tweedie", "tweedie_variance_power": 1.2}
    names = "tweedie-nloglik,tweedie-nloglik@1.2,tweedie-nloglik@1.7"
    found = boosted(job_of(tmp_path, **given, eval_metric=names), sources("reg:tweedie")).history[0]
    own, same, other = (found[f"train:{name}"] for name in names.split(","))
    assert own == same != other


def test_directions():
    assert metric_of("ndcg@5-").direction == metric_of("auc").direction == metric_of("r2").direction == "Maximize"
    assert metric_of("mape").direction == metric_of("error@0.7").direction == metric_of("aft-nloglik").direction == "Minimize"


def test_a_line():
    values = {"train:rmse": 0.1 + 0.2, "validation:rmse": 2.0}
    assert log_line(3, values) == "[3]\ttrain-rmse:0.30000000000000004\tvalidation-rmse:2.0"


@pytest.mark.parametrize(
    ("given", "tuning", "names", "watched"),
    [
        ({}, None, ("rmse",), "rmse"),
        ({"eval_metric": "mae,rmse,mae"}, None, ("mae", "rmse"), "rmse"),
        ({}, "validation:mae", ("mae",), "mae"),
        ({"eval_metric": "rmse"}, "validation:mae", ("rmse", "mae"), "mae"),
        ({"eval_metric": "mae,rmse"}, "validation:mae", ("mae", "rmse"), "mae"),
        ({"eval_metric": "rmse"}, "validation:mae,mse", ("rmse", "mae", "mse"), "mse"),
    ],
)
def test_what_is_asked_for_and_what_is_watched(given, tuning, names, watched):
    plan = Plan.of(hp(**given), tuning, validated=True)
    assert (plan.names, plan.watched) == (names, watched)


@pytest.mark.parametrize(
    ("tuning", "validated", "says"),
    [
        ("validation:rsme", True, "_tuning_objective_metric: expected validation: and one of accuracy, auc"),
        ("train:rmse", True, "_tuning_objective_metric: expected validation: and one of"),
        ("validation:auc", True, "_tuning_objective_metric: 'auc' does not fit objective=reg:squarederror"),
        ("validation:rmse", False, "the tuning objective 'validation:rmse' needs a channel 'validation'"),
    ],
)
def test_a_tuner_that_watches_what_there_is_not(tuning, validated, says):
    with pytest.raises(UserError, match=says):
        Plan.of(hp(), tuning, validated)

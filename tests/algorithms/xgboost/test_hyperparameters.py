"""Hyperparameters: what xgboost is told of them, which exclude each other, and which change nothing."""

from dataclasses import replace

import pytest

from algorithms.xgboost import algorithm, library
from algorithms.xgboost.hyperparameters import REMOVED, XGBoostHyperparameters
from containers.errors import UserError
from containers.hosts import Hosts
from tests.algorithms.xgboost.boosting import job_of


def parse(**given) -> XGBoostHyperparameters:
    return XGBoostHyperparameters.parse({"num_round": "10", **given})


#: What is told without being given.
ALWAYS = {"objective": "reg:squarederror", "device": "cpu", "verbosity": 1}


WITHOUT_EFFECT = {
    "deterministic_histogram": "false",
    "lambda_bias": "0.5",
    "predictor": "cpu_predictor",
    "prob_buffer_row": "2",
    "single_precision_histogram": "true",
}


def test_what_has_been_removed_from_xgboost():
    assert {*REMOVED} == {*WITHOUT_EFFECT}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {}),
        ({"eta": "0.1", "reg_alpha": "1", "lambda": "2"}, {"eta": 0.1, "alpha": 1.0, "lambda": 2.0}),
        ({"objective": "reg:linear"}, {"objective": "reg:squarederror"}),
        ({"tree_method": "gpu_hist"}, {"tree_method": "hist", "device": "cuda"}),
        ({"silent": "1"}, {"verbosity": 0}),
        ({"silent": "0"}, {}),
        ({"silent": "1", "verbosity": "2"}, {"verbosity": 2}),
        ({"tree_method": "approx", "sketch_eps": "0.03"}, {"tree_method": "approx", "max_bin": 33}),
        ({"tree_method": "approx", "sketch_eps": "0.03", "max_bin": "7"}, {"tree_method": "approx", "max_bin": 7}),
        ({"sketch_eps": "0.03"}, {}),
        ({"updater": "grow_histmaker, prune"}, {"updater": "grow_histmaker,prune"}),
        ({"monotone_constraints": "(1, 0, -1)"}, {"monotone_constraints": "(1,0,-1)"}),
        ({"interaction_constraints": "[[0, 2], [1]]"}, {"interaction_constraints": "[[0, 2], [1]]"}),
        ({"eval_metric": "auc,accuracy", "objective": "binary:logistic"}, {"objective": "binary:logistic"}),
        ({"early_stopping_rounds": "5", "csv_weights": "1", "save_model_on_termination": "true", "dsplit": "row"}, {}),
        (WITHOUT_EFFECT, {}),
    ],
)  # fmt: skip
def test_what_xgboost_is_told(given, told):
    assert parse(**given).parameters() == ALWAYS | told


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"objective": "multi:softmax"}, "num_class: required for objective=multi:softmax"),
        ({"num_class": "3"}, "num_class: 3 is for objective=multi:softmax and multi:softprob"),
        ({"objective": "binary:logistik"}, "got 'binary:logistik' (did you mean 'binary:logistic'?)"),
        ({"objective": "aft_loss_distribution"}, "objective: expected one of"),
        ({"eval_metric": "rmse,rsme"}, "got 'rmse,rsme' (did you mean 'rmse'?)"),
        ({"eval_metric": "accuracy@0.5"}, "eval_metric: expected words"),
        ({"eval_metric": "<function f at 0x7f>"}, "eval_metric: expected words"),
        ({"eval_metric": "auc"}, "eval_metric: 'auc' does not fit objective=reg:squarederror; it is for binary:, rank:"),
        ({"eval_metric": "auc", "objective": "multi:softprob", "num_class": "3"}, "'auc' does not fit"),
        ({"eval_metric": "f1_binary", "objective": "multi:softprob", "num_class": "3"}, "'f1_binary' does not fit"),
        ({"eval_metric": "rmse,aft-nloglik"}, "'aft-nloglik' does not fit objective=reg:squarederror; it is for survival:aft"),
        ({"eval_metric": "accuracy"}, "'accuracy' does not fit"),
        ({"objective": "binary:logistic", "base_score": "1"}, "base_score: 1 is no probability between 0 and 1"),
        ({"monotone_constraints": "(2,)"}, "monotone_constraints: expected a list of integers >= -1 and <= 1"),
        ({"interaction_constraints": "[[-1]]"}, "interaction_constraints: expected lists of integers >= 0"),
        ({"tree_method": "exact", "max_depth": "0"}, "max_depth: 0, no limit, is not possible with tree_method=exact"),
        ({"tree_method": "exact", "colsample_bynode": "0.5"}, "colsample_bynode: 0.5 is not possible"),
        ({"tree_method": "exact", "sampling_method": "gradient_based"}, "sampling_method: 'gradient_based' is not possible"),
        ({"dsplit": "col"}, "dsplit: 'col' is not possible"),
        ({"use_dask_gpu_training": "true"}, "use_dask_gpu_training: 'true' is not possible"),
        ({"updater": "prune"}, "updater: 'prune' cannot be; expected one of"),
        ({"updater": "grow_colmaker,grow_histmaker"}, "updater: 'grow_colmaker,grow_histmaker' cannot be; expected one"),
        ({"updater": "shotgun"}, "updater: 'shotgun' cannot be; expected one of"),
        ({"updater": "distcol"}, "updater: expected words"),
        ({"booster": "gblinear", "updater": "grow_colmaker"}, "'grow_colmaker' does not fit booster=gblinear"),
        ({"booster": "gblinear", "updater": "shotgun,coord_descent"}, "does not fit booster=gblinear"),
        ({"process_type": "update"}, "updater: required for process_type=update"),
        ({"process_type": "update", "updater": "grow_colmaker"}, "'grow_colmaker' does not fit process_type=update"),
        ({"process_type": "update", "updater": "refresh,sync"}, "'refresh,sync' does not fit process_type=update"),
        ({"process_type": "update", "booster": "gblinear"}, "process_type: 'update' changes trees"),
        ({"learning_rate": "0.1", "eta": "0.1"}, "learning_rate: another name of eta"),
    ],
)  # fmt: skip
def test_what_cannot_be(given, says):
    with pytest.raises(UserError) as caught:
        parse(**given)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        *(({name: value}, name) for name, value in WITHOUT_EFFECT.items()),
        ({"tree_method": "exact", "max_bin": "8"}, "max_bin"),
        ({"updater": "grow_colmaker", "max_leaves": "8"}, "max_leaves"),
        ({"sketch_eps": "0.1"}, "sketch_eps"),
        ({"scale_pos_weight": "2"}, "scale_pos_weight"),
    ],
)
def test_what_has_no_effect_is_said(given, name):
    (reason,) = parse(**given).without_effect()
    assert reason.startswith(f"{name}: ")


def test_what_has_an_effect_is_not_said_to_have_none():
    assert [*parse(tree_method="hist", max_bin="8", max_leaves="3", grow_policy="lossguide").without_effect()] == []
    assert [*parse(tree_method="approx", sketch_eps="0.1").without_effect()] == []
    assert [*parse(objective="binary:logistic", scale_pos_weight="3").without_effect()] == []
    assert [*parse().without_effect()] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tree_method": "exact"}, "tree_method: 'exact' works on one host only; expected 'hist', 'approx' or 'auto'"),
        ({"updater": "grow_colmaker"}, "updater: 'grow_colmaker' works on one host only"),
        ({"updater": "grow_histmaker,sync"}, "updater: 'sync' works on one host only"),
        ({"process_type": "update", "updater": "prune"}, "updater: 'prune' works on one host only"),
        ({"booster": "gblinear"}, "booster: 'gblinear' learns on one host only; expected 'gbtree' or 'dart'"),
    ],
)
@pytest.mark.parametrize("action", ["fit", "check"])
def test_what_several_hosts_cannot_do(tmp_path, given, says, action):
    """The library fails in the first round, or, with gblinear, gives every host a model of its own without a word."""
    several = replace(job_of(tmp_path, **given), hosts=Hosts("algo-1", ("algo-1", "algo-2")))
    with pytest.raises(UserError) as caught:
        algorithm.check(several) if action == "check" else algorithm.fit(several, None)
    assert says in str(caught.value)
    assert str(caught.value).endswith("; the job has 2 hosts")


def test_what_several_hosts_can_do():
    ways = ({}, {"tree_method": "approx"}, {"booster": "dart"}, {"process_type": "update", "updater": "refresh"})
    assert [list(parse(**given).alone()) for given in ways] == [[], [], [], []]


def test_a_gpu_that_is_not_there():
    import xgboost

    if xgboost.build_info()["USE_CUDA"]:
        pytest.skip("this xgboost can use a GPU, and there may be one")
    with pytest.raises(UserError, match="tree_method: 'gpu_hist' needs a GPU, and this xgboost is built without CUDA"):
        library.require("cuda")
    library.require("cpu")

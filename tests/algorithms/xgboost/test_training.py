"""The loop: the model is xgboost's own, the published one is that of the best round, and what the user did wrong is told."""

import json
import logging
import threading

import numpy as np
import pytest
import xgboost

from algorithms.xgboost import XGBoost
from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.library import explained
from algorithms.xgboost.plan import Plan
from algorithms.xgboost.publishing import publish
from containers.errors import AlgorithmError, UserError
from containers.media import MediaType
from containers.settings import ServeSettings
from tests.algorithms.xgboost.boosting import boosted, job_of, matrix, sources, table


def same(ours: xgboost.Booster, theirs: xgboost.Booster) -> bool:
    return ours.save_raw("json") == theirs.save_raw("json")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, {}),
        ({"objective": "reg:linear"}, {"objective": "reg:squarederror"}),
        ({"learning_rate": "0.1", "reg_lambda": "3", "max_depth": "3"}, {"eta": 0.1, "lambda": 3, "max_depth": 3}),
        ({"subsample": "0.5", "colsample_bynode": "0.5", "seed": "7"}, {"subsample": 0.5, "colsample_bynode": 0.5, "seed": 7}),
        ({"grow_policy": "lossguide", "max_leaves": "5"}, {"grow_policy": "lossguide", "max_leaves": 5}),
        ({"booster": "dart", "rate_drop": "0.3", "one_drop": "1"}, {"booster": "dart", "rate_drop": 0.3, "one_drop": 1}),
        ({"monotone_constraints": "(1, 0, -1)"}, {"monotone_constraints": "(1,0,-1)"}),
        ({"interaction_constraints": "[[0, 1], [2, 3, 4]]"}, {"interaction_constraints": "[[0,1],[2,3,4]]"}),
        ({"tree_method": "approx", "sketch_eps": "0.1"}, {"tree_method": "approx", "max_bin": 10}),
        ({"updater": "grow_quantile_histmaker,prune"}, {"updater": "grow_quantile_histmaker,prune"}),
        ({"objective": "multi:softprob", "num_class": "3"}, {"objective": "multi:softprob", "num_class": 3}),
        ({"num_parallel_tree": "2", "base_score": "0.25"}, {"num_parallel_tree": 2, "base_score": 0.25}),
    ],
)
def test_the_model_is_that_of_plain_xgboost(tmp_path, given, told):
    objective = told.get("objective", "reg:squarederror")
    data = sources(objective, plain="tree_method" in told)
    ours = boosted(job_of(tmp_path, **given), data)
    curves: dict = {}
    told = {"objective": objective, "nthread": 1, **told}
    theirs = xgboost.train(
        told, data["train"], 12, evals=[(data[name], name) for name in data], evals_result=curves, verbose_eval=False
    )
    assert same(ours.booster, theirs)
    for channel, found in curves.items():
        for name, values in found.items():
            assert [row[f"{channel}:{name}"] for row in ours.history] == values


@pytest.mark.parametrize(
    "plain", [{"booster": "gblinear"}, {"booster": "gblinear", "updater": "coord_descent"}, {"tree_method": "exact"}]
)
def test_what_needs_the_raw_values(tmp_path, plain):
    data = sources(plain=True)
    ours = boosted(job_of(tmp_path, **plain), data)
    theirs = xgboost.train({**plain, "objective": "reg:squarederror", "nthread": 1}, data["train"], 12)
    assert np.allclose(ours.booster.predict(data["train"]), theirs.predict(data["train"]), atol=1e-5)


def test_every_round_is_a_line_that_holds_all_metrics(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    job = job_of(tmp_path, num_round=2, objective="binary:logistic", eval_metric="accuracy,error@0.7,auc")
    trained = boosted(job, sources("binary:logistic"))
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("[")]
    names = [f"{channel}-{name}" for channel in ("train", "validation") for name in ("accuracy", "error@0.7", "auc")]
    assert [line.split("\t")[0] for line in lines] == ["[0]", "[1]"]
    assert [part.rpartition(":")[0] for part in lines[1].split("\t")[1:]] == names
    rows = [json.loads(line) for line in (job.output_dir / "metrics.jsonl").read_text().splitlines()]
    assert [row["value"] for row in rows if row["epoch"] == 1] == [*trained.history[1].values()]
    assert [float(part.rpartition(":")[2]) for part in lines[1].split("\t")[1:]] == [*trained.history[1].values()]


@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
@pytest.mark.parametrize("metric", ["rmse", "r2"])
def test_early_stopping_publishes_the_best_round(tmp_path, booster, metric):
    given = {"num_round": 300, "eta": 0.5, "eval_metric": f"mae,{metric}", "early_stopping_rounds": 4, "booster": booster}
    given |= {"rate_drop": 0.2} if booster == "dart" else {}
    data = sources(plain=booster == "gblinear")
    job = job_of(tmp_path, **given)
    trained = boosted(job, data)
    watched = [row[f"validation:{metric}"] for row in trained.history]
    best = int(np.argmax(watched) if metric == "r2" else np.argmin(watched))
    assert len(watched) == best + 5 < 300
    assert trained.booster.attr("best_iteration") == str(best)
    predicted, labels = trained.booster.predict(data["validation"]), data["validation"].get_label()
    assert np.sqrt(np.mean((predicted - labels) ** 2)) == pytest.approx(
        watched[best] if metric == "rmse" else np.sqrt((1 - watched[best]) * labels.var()), rel=1e-4
    )
    assert trained.results == trained.history[best]


def test_early_stopping_watches_the_tuner_s_metric(tmp_path):
    job = job_of(tmp_path, num_round=300, eta=0.5, eval_metric="rmse", early_stopping_rounds=3)
    trained = boosted(job, sources(), tuning="validation:mae")
    watched = [row["validation:mae"] for row in trained.history]
    assert len(watched) == np.argmin(watched) + 4
    assert [*trained.history[0]] == ["train:rmse", "train:mae", "validation:rmse", "validation:mae"]


def test_early_stopping_without_validation_is_told_to_have_no_effect(tmp_path, caplog):
    trained = boosted(job_of(tmp_path, early_stopping_rounds=1), {"train": matrix()})
    assert len(trained.history) == 12
    assert "early_stopping_rounds has no effect: it needs a channel 'validation'" in caplog.text


def test_a_stopped_job_keeps_the_model_so_far(tmp_path):
    job = job_of(tmp_path, num_round=10**6)
    threading.Timer(0.3, job.stop.set).start()
    trained = boosted(job, sources())
    assert 0 < len(trained.history) < 10**6
    assert trained.booster.num_boosted_rounds() == len(trained.history)


def test_save_model_on_termination_leaves_a_model_after_every_round(tmp_path):
    job = job_of(tmp_path, num_round=3, save_model_on_termination="true")
    boosted(job, sources())
    saved = xgboost.Booster(model_file=job.model_dir / "xgboost-model")
    assert saved.num_boosted_rounds() == 3


def test_update_refreshes_the_trees_of_a_checkpoint(tmp_path):
    data = sources(plain=True)
    boosted(job_of(tmp_path, checkpoints=True, num_round=5), data)
    x, y = table()
    other = {"train": xgboost.DMatrix(x, y + 100)}
    job = job_of(tmp_path, checkpoints=True, num_round=9, process_type="update", updater="refresh")
    refreshed = boosted(job, other).booster
    before = xgboost.Booster(model_file=tmp_path / "checkpoints" / "xgboost-checkpoint.4")
    assert refreshed.num_boosted_rounds() == 5
    splits = [[tree.split("yes")[0] for tree in booster.get_dump()] for booster in (before, refreshed)]
    assert splits[0] == splits[1]
    assert refreshed.predict(other["train"]).mean() > before.predict(other["train"]).mean() + 50


def test_update_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(UserError, match="process_type: 'update' changes the trees of a checkpoint, and the job has none"):
        boosted(job_of(tmp_path, process_type="update", updater="refresh"), sources())


@pytest.mark.parametrize(
    ("given", "labels", "says"),
    [
        ({"objective": "binary:logistic"}, 5.0, "base_score must be in"),
        ({"objective": "count:poisson"}, -5.0, "label must be non-negative"),
        ({"objective": "multi:softmax", "num_class": 2}, 7.0, "label must be discrete values in the range"),
        ({"monotone_constraints": "(1,1,1,1,1,1,1,1,1)"}, 1.0, "monotone_constraints: 9 signs, but the data have 8 features"),
        ({"interaction_constraints": "[[0,8]]"}, 1.0, "interaction_constraints: a feature 8, but those of the data are 0 to 7"),
    ],
)
def test_what_xgboost_refuses_is_the_user_s_fault(tmp_path, given, labels, says):
    x, y = table()
    with pytest.raises(UserError, match=says) as caught:
        boosted(job_of(tmp_path, **given), {"train": xgboost.DMatrix(x, np.full_like(y, labels))})
    assert "\n" not in str(caught.value) and "Check failed" not in str(caught.value)


def test_a_failure_of_xgboost_itself_is_ours():
    error = explained(
        "[10:00:00] /workspace/src/data/sparse_page.h:7: Check failed: fo: cannot write page.\nStack trace:\n [0] x"
    )
    assert type(error) is AlgorithmError
    assert str(error) == "xgboost: cannot write page."


def test_xgboost_s_warnings_are_lines_of_the_log(tmp_path, caplog):
    boosted(job_of(tmp_path, rate_drop=0.5), sources())
    assert [record.getMessage() for record in caplog.records if "rate_drop" in record.getMessage()] == [
        'xgboost: Parameters: { "rate_drop" } are not used.'
    ]


def test_xgboost_s_messages_are_lines_of_the_log(tmp_path, caplog, capfd):
    caplog.set_level(logging.INFO)
    trained = boosted(job_of(tmp_path, num_round=1, verbosity=3), {"train": matrix()})
    assert trained.booster.num_boosted_rounds() == 1
    assert any(record.getMessage().startswith("xgboost: ") for record in caplog.records)
    assert capfd.readouterr().out == ""


def test_the_artifact_is_xgboost_s_own_with_what_it_lacks_beside_it(tmp_path):
    data = sources()
    job = job_of(tmp_path, eval_metric="rmse", early_stopping_rounds=3, num_round=200, eta=0.5)
    trained = boosted(job, data)
    publish(job, Plan.of(job.hyperparameters, None, True), trained, data, Cluster(job.hosts))
    files = {str(path.relative_to(job.model_dir)) for path in job.model_dir.rglob("*") if path.is_file()}
    assert files == {"xgboost-model", "drydock/importance.csv"}

    loaded = xgboost.Booster()
    loaded.load_model(job.model_dir / "xgboost-model")
    predicted = loaded.predict(xgboost.DMatrix(table()[0]))

    assert np.array_equal(predicted, trained.booster.predict(data["train"]))
    served, sent = XGBoost().load(job.model_dir, ServeSettings.read({}, tmp_path)), MediaType.parse("text/csv")
    body = "".join(f"{','.join(map(repr, row))}\n" for row in table()[0].tolist()).encode()
    answers = served.codec.encode(served.predict(served.codec.decode(body, sent)), sent)
    assert np.array_equal(np.array(answers.split(), np.float32), predicted)
    header, *rows = (job.model_dir / "drydock" / "importance.csv").read_text().splitlines()
    assert header == "feature,gain,cover,weight,total_gain,total_cover"
    gains = {int(name[1:]): value for name, value in loaded.get_score(importance_type="gain").items()}
    assert {int(row.split(",")[0]): float(row.split(",")[1]) for row in rows} == gains
    assert [float(row.split(",")[1]) for row in rows] == sorted(gains.values(), reverse=True)

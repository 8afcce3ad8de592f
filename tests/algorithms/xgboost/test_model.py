"""What of a model directory is served, and that predictions are those of the library, from any number of threads."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xgboost
from scipy.sparse import csr_array

from algorithms.xgboost.codec import Explained
from algorithms.xgboost.ensemble import vote
from containers.batch import Batch
from containers.errors import UserError
from tests.algorithms.xgboost.serving import X, load, put, train

BOOSTERS = ("gbtree", "dart", "gblinear")


def score(model, rows=X):
    return model.predict(Batch(rows)).columns["score"]


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize(
    "objective", ["reg:squarederror", "binary:logistic", "multi:softprob", "multi:softmax", "count:poisson"]
)
def test_scores_are_those_of_the_library(tmp_path, objective, booster):
    trained = train(objective, booster=booster)
    model = load(put(trained, tmp_path))
    np.testing.assert_allclose(score(model), trained.predict(xgboost.DMatrix(X)), rtol=1e-5)
    sparse = np.where(X > 0, X, 0)
    expected = trained.predict(xgboost.DMatrix(csr_array(sparse)))
    np.testing.assert_allclose(score(model, csr_array(sparse)), expected, rtol=1e-5)


@pytest.mark.parametrize("booster", BOOSTERS)
def test_many_threads_get_what_one_gets(tmp_path, booster):
    model = load(put(train("binary:logistic", booster=booster), tmp_path))
    together = score(model)
    explained = model.predict(Explained(X)).columns["contributions"]

    def alone(request):
        row = slice(request % len(X), request % len(X) + 1)
        np.testing.assert_array_equal(score(model, X[row]), together[row])
        np.testing.assert_array_equal(model.predict(Explained(X[row])).columns["contributions"], explained[row])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(alone, range(400)))


@pytest.mark.parametrize("booster", BOOSTERS)
@pytest.mark.parametrize("objective", ["binary:logistic", "multi:softprob"])
def test_contributions_sum_to_the_margin(tmp_path, objective, booster):
    trained = train(objective, booster=booster)
    found = load(put(trained, tmp_path)).predict(Explained(X)).columns
    assert list(found) == ["contributions"]
    assert found["contributions"].shape[-1] == X.shape[1] + 1
    np.testing.assert_allclose(
        found["contributions"].sum(-1), trained.predict(xgboost.DMatrix(X), output_margin=True), atol=1e-5
    )


def test_early_stopping_serves_the_best_iteration(tmp_path):
    """As saved by plain xgboost, with the rounds after the best one."""
    rows, label = X[:30], np.arange(30) % 2  # nothing to learn, so that the other half soon gets worse
    other = xgboost.DMatrix(X[30:], 1 - np.arange(30) % 2)
    trained = xgboost.train(
        {"eta": 1}, xgboost.DMatrix(rows, label), 30, evals=[(other, "v")], early_stopping_rounds=3, verbose_eval=False
    )
    assert trained.best_iteration + 1 < trained.num_boosted_rounds()
    expected = trained.predict(xgboost.DMatrix(X), iteration_range=(0, trained.best_iteration + 1))
    np.testing.assert_allclose(score(load(put(trained, tmp_path))), expected, rtol=1e-5)
    np.testing.assert_allclose(score(load(put(trained[: trained.best_iteration + 1], tmp_path))), expected, rtol=1e-5)


@pytest.mark.parametrize("format", ["ubj", "json"])
@pytest.mark.parametrize("name", ["xgboost-model", "xgboost-model.json", "mine.bin", "model"])
def test_the_name_of_a_file_does_not_matter(tmp_path, name, format):
    trained = train()
    (tmp_path / name).write_bytes(trained.save_raw(format))
    np.testing.assert_array_equal(score(load(tmp_path)), trained.inplace_predict(X))


def test_strangers_are_ignored(tmp_path):
    trained = train()
    put(trained, tmp_path)
    for name in ("model.tar.gz", "output.tar.gz", ".xgboost-model"):
        put(train("count:poisson"), tmp_path, name)
    put(train(), tmp_path / "drydock")
    put(train(), tmp_path / "xgboost-model-directory", "model")
    (tmp_path / "metadata.json").write_text(json.dumps({"trained": "today"}))
    (tmp_path / "notes.txt").write_text("learner, binf and such")
    (tmp_path / "features.pkl").write_bytes(pickle.dumps(["a", "b"]))
    np.testing.assert_array_equal(score(load(tmp_path)), trained.inplace_predict(X))


@pytest.mark.parametrize("content", [b"", b"{", b"{}", b'{"learner": {}}', b"text", b"\x00" * 500, b"binf" + b"\xff" * 300])
def test_a_damaged_model_is_refused(tmp_path, content):
    (tmp_path / "xgboost-model").write_bytes(content)
    with pytest.raises(UserError, match=r"xgboost-model: not readable as an XGBoost model: \w+"):
        load(tmp_path)


@pytest.mark.parametrize("format", ["ubj", "json"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.999])
def test_a_cut_model_is_refused_in_one_line(tmp_path, format, share):
    """The library alone crashes on some of these."""
    raw = train().save_raw(format)
    (tmp_path / "xgboost-model").write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(UserError, match=r"xgboost-model: not readable as an XGBoost model: \w+") as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "values", "reason"),
    [
        ("left_children", [999, -1, -1], "tree 1 refers to a node or a feature that there is not"),
        ("left_children", [2, -1, -1], "tree 1 is no tree: a node has two parents"),
        ("right_children", [0, -1, -1], "tree 1 refers to a node"),
        ("split_indices", [4, 0, 0], "tree 1 refers to a node or a feature"),
        ("split_conditions", [0.5], "tree 1 has lists of several lengths"),
    ],
)
def test_a_tree_that_the_library_would_get_lost_in_is_refused(tmp_path, name, values, reason):
    model = json.loads(train(max_depth=1).save_raw("json"))
    model["learner"]["gradient_booster"]["model"]["trees"][1][name] = values
    (tmp_path / "xgboost-model").write_text(json.dumps(model))
    with pytest.raises(UserError, match=reason):
        load(tmp_path)


def test_a_directory_without_a_model_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(UserError, match=r"no XGBoost model here: expected xgboost-model"):
        load(tmp_path)


@pytest.mark.parametrize("objective", ["reg:squarederror", "binary:logistic", "multi:softprob"])
def test_an_ensemble_averages(tmp_path, objective):
    members = [train(objective, seed=seed, subsample=0.5) for seed in range(3)]
    for index, member in enumerate(members):
        put(member, tmp_path, f"xgboost-model-{index}")
    model = load(tmp_path)
    np.testing.assert_allclose(score(model), np.mean([member.inplace_predict(X) for member in members], axis=0), rtol=1e-6)
    mean = np.mean([member.predict(xgboost.DMatrix(X), pred_contribs=True) for member in members], axis=0)
    np.testing.assert_allclose(model.predict(Explained(X)).columns["contributions"], mean, atol=1e-6)


@pytest.mark.parametrize("objective", ["multi:softmax", "binary:hinge"])
def test_an_ensemble_of_classes_votes(tmp_path, objective):
    members = [train(objective, eta=1, seed=seed, subsample=0.3) for seed in range(3)]
    for index, member in enumerate(members):
        put(member, tmp_path, f"xgboost-model-{index}")
    named = np.array([member.inplace_predict(X) for member in members])
    assert (named != named[0]).any()
    expected = [max(sorted(set(column)), key=list(column).count) for column in named.T]
    np.testing.assert_array_equal(score(load(tmp_path)), expected)


def test_the_lowest_of_equal_votes_wins():
    np.testing.assert_array_equal(vote(np.array([[2, 0, 1], [1, 2, 1]], np.float32)), [1, 0, 1])


def test_the_first_of_several_is_served_alone_where_asked_for(tmp_path):
    members = {f"xgboost-model-{index}": train(seed=index, subsample=0.5) for index in (10, 9)}
    for name, member in members.items():
        put(member, tmp_path, name)
    model = load(tmp_path, SAGEMAKER_INFERENCE_ENSEMBLE="false")
    np.testing.assert_array_equal(score(model), members["xgboost-model-9"].inplace_predict(X))


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"objective": "count:poisson"}, "objective is 'reg:squarederror' in the first, 'count:poisson' in number 1"),
        ({"x": X[:, :3]}, "features is 4 in the first, 3 in number 1"),
    ],
)
def test_models_that_do_not_fit_together_are_refused(tmp_path, other, reason):
    put(train(), tmp_path, "xgboost-model-0")
    put(train(**other), tmp_path, "xgboost-model-1")
    with pytest.raises(UserError, match=reason):
        load(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("SAGEMAKER_INFERENCE_OUTPUT", "predicted_label,probabilitys", "got 'probabilitys' .did you mean 'probability"),
        ("SAGEMAKER_INFERENCE_ENSEMBLE", "maybe", "expected on, true or 1, or off, false or 0, got 'maybe'"),
        ("DRYDOCK_ALLOW_PICKLE", "yes", "got 'yes'"),
        ("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "text/html", "expected one of text/csv, application/json.*got 'text/html'"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(tmp_path, variable, value, reason):
    with pytest.raises(UserError, match=f"environment variable {variable}: .*{reason}"):
        load(put(train(), tmp_path), **{variable: value})

"""XGBoost as a framework: scripts as AWS's examples write them, on one host and on several, and what they may leave out."""

import json
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import xgboost

import local_mode
import recordio
from algorithms.xgboost import algorithm
from algorithms.xgboost.framework import XGBoostFramework
from containers.errors import UserError
from containers.serving.errors import ServingError

framework = XGBoostFramework()

#: After the example `xgboost_abalone/abalone.py`: the same imports, but for pandas, which it does not use, and the same calls.
TRAIN = """
import argparse, json, os
import pickle as pkl
import xgboost as xgb
from sagemaker_containers import entry_point
from sagemaker_xgboost_container import distributed
from sagemaker_xgboost_container.data_utils import get_dmatrix

def train(params, dtrain, evals, num_boost_round, model_dir, is_master):
    booster = xgb.train(params, dtrain, num_boost_round, evals)
    # in one piece: the tracker writes from a thread of its own
    print(f"master {is_master} {dtrain.num_row()}\\n", end="")
    if is_master:
        pkl.dump(booster, open(model_dir + "/xgboost-model", "wb"))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--max_depth", type=int)
    parser.add_argument("--num_round", type=int)
    parser.add_argument("--type", default="libsvm")
    parser.add_argument("--model_dir", default=os.environ.get("SM_MODEL_DIR"))
    parser.add_argument("--train", default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", default=os.environ.get("SM_CHANNEL_VALIDATION"))
    parser.add_argument("--sm_hosts", default=os.environ.get("SM_HOSTS"))
    parser.add_argument("--sm_current_host", default=os.environ.get("SM_CURRENT_HOST"))
    args, _ = parser.parse_known_args()
    hosts = json.loads(args.sm_hosts)
    if args.sm_current_host in os.environ.get("WITHOUT_DATA", ""):
        args.train = None
    dtrain = get_dmatrix(args.train, args.type)
    dval = get_dmatrix(args.validation, args.type)
    evals = [(dtrain, "train"), (dval, "validation")] if dval is not None else [(dtrain, "train")]
    params = {"max_depth": args.max_depth, "nthread": 1}
    arguments = dict(params=params, dtrain=dtrain, evals=evals, num_boost_round=args.num_round, model_dir=args.model_dir)
    if len(hosts) > 1:
        entry_point._wait_hostname_resolution()
        distributed.rabit_run(
            exec_fun=train,
            args=arguments,
            include_in_training=(dtrain is not None),
            hosts=hosts,
            current_host=args.sm_current_host,
            update_rabit_args=True,
        )
    else:
        train(**arguments, is_master=True)

def model_fn(model_dir):
    return pkl.load(open(os.path.join(model_dir, "xgboost-model"), "rb"))
"""


def rows(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features of which half are absent, and labels that follow from them."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 5)).round(3).astype(np.float32)
    features[random.random(features.shape) < 0.5] = np.nan
    return features, np.nansum(features * [1, -2, 0, 3, 0.5], axis=1).round(3).astype(np.float32)


def libsvm(features: np.ndarray, labels: np.ndarray | None = None) -> str:
    lines = [" ".join(f"{at}:{value}" for at, value in enumerate(row) if not np.isnan(value)) for row in features]
    return "".join(f"{line}\n" if labels is None else f"{labels[at]} {line}\n" for at, line in enumerate(lines))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(TRAIN)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """600 rows in two files."""
    features, labels = rows(600)
    directory = tmp_path / "data"
    directory.mkdir()
    (directory / "a.libsvm").write_text(libsvm(features[:300], labels[:300]))
    (directory / "b.libsvm").write_text(libsvm(features[300:], labels[300:]))
    return directory


def train(script: Path, data: Path, out: Path, **options) -> tuple[xgboost.Booster, list[str]]:
    """The model that the script leaves, and the log."""
    log: list[str] = []
    arguments = {"max_depth": 3, "num_round": 8}
    result = local_mode.train(
        "xgboost", {"train": data}, arguments, out, entry_point=str(script), on_line=log.append, **options
    )
    with tarfile.open(result.model_archive) as tar:
        tar.extractall(out, filter="data")
    return pickle.loads((out / "xgboost-model").read_bytes()), log  # of this test's own making


def rmse(booster: xgboost.Booster) -> float:
    features, labels = rows(600)
    return float(np.sqrt(np.mean((booster.inplace_predict(features) - labels) ** 2)))


@pytest.mark.slow
def test_a_script_of_aws_trains_on_one_host_and_serves(script, data, tmp_path):
    out = tmp_path / "out"
    booster, log = train(script, data, out)
    plain = xgboost.train({"max_depth": 3, "nthread": 1}, xgboost.DMatrix(rows(600)[0], rows(600)[1]), 8)
    features, labels = rows(20, seed=1)
    assert np.array_equal(booster.inplace_predict(features), plain.inplace_predict(features))
    assert any("[7]\ttrain-rmse:" in line for line in log)
    with local_mode.serve(out / "model.tar.gz", algorithm="xgboost", workers=1, entry_point=str(script)) as endpoint:
        answer = endpoint.invoke(libsvm(features, labels), "text/libsvm")  # where a row without values is not an empty line
    assert np.array_equal(np.array(json.loads(answer), np.float32), plain.inplace_predict(features))


@pytest.mark.slow
def test_two_hosts_train_one_model(script, data, tmp_path):
    alone, _ = train(script, data, tmp_path / "one")
    together, log = train(script, data, tmp_path / "two", instance_count=2, sharded=["train"])
    assert sorted(line.partition("master ")[2] for line in log if "master " in line) == ["False 300", "True 300"]
    assert rmse(together) == pytest.approx(rmse(alone), abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "without"), [(2, "algo-1"), (3, "algo-1"), (3, "algo-2")])
def test_hosts_without_data_take_no_part_and_wait(script, data, tmp_path, count, without):
    """The others train with each other, or alone, and the first of them writes the model."""
    environment = {"WITHOUT_DATA": without}
    booster, log = train(script, data, tmp_path / "out", instance_count=count, environment=environment)
    said = sorted(line.partition("master ")[2] for line in log if "master " in line)
    assert said == ["False 600"] * (count - 2) + ["True 600"]
    assert rmse(booster) < 1
    assert any(f"host {without} has no data to train on" in line for line in log)


def aws(code: str, **environ: str) -> str:
    """What a script prints."""
    path = os.pathsep.join([*map(str, framework.paths), str(Path(local_mode.__file__).parents[1])])
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path, **environ}, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["libsvm", "csv", "recordio-protobuf", "parquet"])
def test_every_type_is_the_same_matrix(tmp_path, kind):
    features, labels = rows(50)
    features = np.nan_to_num(features) if kind == "recordio-protobuf" else features
    table = np.column_stack([labels, features])
    directory = tmp_path / "train"
    directory.mkdir()
    if kind == "libsvm":
        (directory / "a").write_text(libsvm(features, labels))
    elif kind == "csv":
        (directory / "a").write_text("".join(",".join("" if np.isnan(x) else str(x) for x in row) + "\n" for row in table))
    elif kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.table({str(at): column for at, column in enumerate(table.T)}), directory / "a")
    else:
        (directory / "a").write_bytes(recordio.encode(features, {"values": labels}))
    code = f"""
from sagemaker_xgboost_container.data_utils import get_dmatrix, get_size
import numpy
data = get_dmatrix({str(directory)!r}, {kind!r})
numpy.save({str(tmp_path / "features.npy")!r}, data.get_data().toarray())
numpy.save({str(tmp_path / "labels.npy")!r}, data.get_label())
print(get_size({str(directory)!r}), get_size("/nowhere"), get_dmatrix("/nowhere", "csv"), get_dmatrix(None, "csv"))
"""
    size = (directory / "a").stat().st_size
    assert aws(code) == f"{size} 0 None None\n"
    assert np.array_equal(np.load(tmp_path / "features.npy"), np.nan_to_num(features))
    assert np.array_equal(np.load(tmp_path / "labels.npy"), labels)


@pytest.mark.slow
def test_weights_in_csv(tmp_path):
    (tmp_path / "a.csv").write_text("1,0.5,7\n0,2,8\n")
    code = f"""
from sagemaker_xgboost_container.data_utils import get_dmatrix
data = get_dmatrix({str(tmp_path / "a.csv")!r}, "text/csv", csv_weights=1)
print(data.get_weight().tolist(), data.get_label().tolist(), data.num_col())
"""
    assert aws(code) == "[0.5, 2.0] [1.0, 0.0] 1\n"


@pytest.mark.slow
def test_checkpoints_continue_a_training(tmp_path):
    code = f"""
import numpy as np, xgboost as xgb
from sagemaker_xgboost_container.checkpointing import load_checkpoint, save_checkpoint
x = np.random.default_rng(0).normal(size=(200, 3)); data = xgb.DMatrix(x, x[:, 0])
for rounds in (4, 9):
    model, done = load_checkpoint({str(tmp_path)!r})
    print(done, model is not None)
    callbacks = [save_checkpoint({str(tmp_path)!r})]
    booster = xgb.train({{"nthread": 1}}, data, rounds - done, xgb_model=model, callbacks=callbacks)
plain = xgb.train({{"nthread": 1}}, data, 9)
print(np.array_equal(booster.predict(data), plain.predict(data)))
"""
    assert aws(code) == "0 False\n4 True\nTrue\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"xgboost-checkpoint.{number}" for number in range(4, 9)]


@pytest.mark.slow
def test_encoders_of_aws():
    code = """
import sagemaker_xgboost_container.encoder as encoders
one, two = encoders.libsvm_to_dmatrix(b"0:1 2:3\\n1:5"), encoders.libsvm_to_dmatrix("1 0:1 2:3")
for data in (one, two, encoders.csv_to_dmatrix("1;;3")):
    print(data.num_row(), data.num_col(), data.get_data().toarray().tolist())
print(encoders.json_to_jsonlines({"predictions": [{"score": 1}, 2]}))
"""
    expected = ["2 3 [[1.0, 0.0, 3.0], [0.0, 5.0, 0.0]]", "1 3 [[1.0, 0.0, 3.0]]", "1 3 [[1.0, 0.0, 3.0]]"]
    assert aws(code).splitlines() == [*expected, "b'{\"score\": 1}\\n2\\n'"]


@pytest.fixture(scope="module")
def booster() -> xgboost.Booster:
    return xgboost.train({"nthread": 1, "max_depth": 3}, xgboost.DMatrix(*rows(600)), 8)


def test_the_algorithm_offers_it():
    assert isinstance(algorithm.framework, XGBoostFramework)


@pytest.mark.parametrize("name", ["xgboost-model", "my.ubj"])
def test_model_fn_loads_what_save_model_wrote(booster, tmp_path, name):
    booster.save_model(tmp_path / "model.ubj")
    (tmp_path / "model.ubj").rename(tmp_path / name)
    features = rows(5)[0]
    assert np.array_equal(framework.model_fn(str(tmp_path)).inplace_predict(features), booster.inplace_predict(features))


def test_model_fn_does_not_guess(booster, tmp_path):
    for name in ("a.json", "b.json"):
        booster.save_model(tmp_path / name)
    with pytest.raises(UserError, match=r"several models, a\.json, b\.json; define model_fn"):
        framework.model_fn(str(tmp_path))


@pytest.mark.parametrize(
    ("body", "row"),
    [
        ("2:1.5", [np.nan, np.nan, 1.5, np.nan, np.nan]),  # narrower than the model, and the first feature absent
        ("0", [np.nan] * 5),  # nothing but a label
        ("7 0:1 4:2 # labelled", [1, np.nan, np.nan, np.nan, 2]),
    ],
)
def test_libsvm_rows_score_as_in_training(booster, body, row):
    prediction = framework.predict_fn(framework.input_fn(body.encode(), "text/libsvm"), booster)
    assert np.array_equal(prediction, booster.inplace_predict(np.array([row], np.float32)))


@pytest.mark.parametrize(
    ("body", "content_type", "width"), [("1,2", "text/csv", 2), ("1,2,3,4,5,6", "text/csv", 6), ("9:1", "text/libsvm", 10)]
)
def test_rows_of_another_width_are_refused(booster, body, content_type, width):
    with pytest.raises(UserError, match=f"request: expected 5 features, as the model has, got {width}"):
        framework.predict_fn(framework.input_fn(body, content_type), booster)


def test_requests_that_cannot_be_read():
    with pytest.raises(UserError, match="at least one row"):
        framework.input_fn("", "text/csv")
    with pytest.raises(ServingError, match=r"content type 'x/y' is not read; .* or define input_fn") as raised:
        framework.input_fn(b"", "x/y")
    assert raised.value.status == 415


def test_output_fn():
    scores, table = np.array([0.1, 2.5], np.float32), np.array([[0.1, 0.9], [1, 0]], np.float32)
    assert framework.output_fn(scores, "application/json") == (b"[0.1,2.5]", "application/json")
    assert framework.output_fn(table, "text/csv;q=0.9, x/y") == (b"0.1,0.9\n1.0,0.0\n", "text/csv")
    body, media = framework.output_fn(table, "application/x-npy")
    assert (media, body[:6]) == ("application/x-npy", b"\x93NUMPY")
    with pytest.raises(ServingError) as raised:
        framework.output_fn(scores, "x/y")
    assert raised.value.status == 406

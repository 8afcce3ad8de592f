"""From channels to what xgboost trains on: in memory or on disk, alone or with other hosts, always the same rows."""

import json
import subprocess
import sys

import numpy as np
import pytest
import xgboost
from scipy.sparse import csr_array

import recordio
from algorithms.xgboost import rows as rows_module
from algorithms.xgboost.checking import describe
from algorithms.xgboost.data import read, shared
from algorithms.xgboost.hosts import Cluster, collective
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.matrices import build, combined
from containers.channels import Channel
from containers.errors import UserError
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.media import CSV, LIBSVM, RECORDIO, MediaType
from containers.settings import TrainSettings
from containers.stop import Stopped
from tests.algorithms.xgboost.processes import names, starter, tell

RNG = np.random.default_rng(3)
X = np.round(RNG.normal(size=(3000, 6)), 3).astype(np.float32)
X[RNG.random(X.shape) < 0.1] = np.nan
Y = np.round(np.nan_to_num(X[:, 0]) * 2 + np.nan_to_num(X[:, 5]) ** 2, 3).astype(np.float32)


def as_libsvm(x, y, weights=None, queries=None):
    lines = []
    for row, (values, label) in enumerate(zip(x, y, strict=True)):
        weight = "" if weights is None else f":{weights[row]:g}"
        query = "" if queries is None else f" qid:{queries[row]}"
        pairs = "".join(f" {index}:{value:g}" for index, value in enumerate(values) if not np.isnan(value))
        lines.append(f"{label:g}{weight}{query}{pairs}\n")
    return "".join(lines).encode()


def as_csv(x, y):
    return "".join(
        f"{label:g}," + ",".join("" if np.isnan(v) else f"{v:g}" for v in values) + "\n"
        for values, label in zip(x, y, strict=True)
    ).encode()


@pytest.fixture
def make_job(tmp_path):
    def make(content_type, files, cache=None, hosts=None, **hyperparameters):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        channels = {
            name: Channel(name, tmp_path / name, MediaType.parse(content_type))
            for name in {name.split("/")[0] for name in files}
        }
        environ = {} if cache is None else {"DRYDOCK_CACHE_MB": str(cache)}
        hp = XGBoostHyperparameters.parse({"num_round": "5", **hyperparameters})
        return TrainingJob("job", hp, channels, hosts or Hosts(), TrainSettings.read(environ, tmp_path))

    return make


def trained(job, data):
    model = xgboost.train({**job.hyperparameters.parameters(), "nthread": 1}, data, 5)
    return json.loads(model.save_raw("json"))["learner"]["gradient_booster"]


def built(job):
    """The model that is trained on the rows of a job, and the type of the matrix."""
    with build(job, Cluster(job.hosts)) as matrices:
        return trained(job, matrices.train), type(matrices.train)


@pytest.mark.parametrize("content_type", [CSV, LIBSVM, RECORDIO])
def test_matrices_are_those_of_the_arrays(make_job, content_type):
    content = {CSV: as_csv, LIBSVM: as_libsvm, RECORDIO: recordio.encode}[content_type](X, Y)
    job = make_job(content_type, {"train/a": content, "validation/a": content})
    with build(job, Cluster(job.hosts)) as matrices:
        assert trained(job, matrices.train) == trained(job, xgboost.QuantileDMatrix(X, Y))
        assert np.array_equal(matrices.validation.get_label(), Y)
        plain = xgboost.DMatrix(X, Y)
        model = xgboost.train(job.hyperparameters.parameters(), matrices.train, 5)
        assert np.array_equal(model.predict(matrices.validation), model.predict(plain))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, xgboost.QuantileDMatrix),
        ({"tree_method": "approx"}, xgboost.DMatrix),
        ({"tree_method": "exact"}, xgboost.DMatrix),
        ({"booster": "gblinear", "updater": "coord_descent"}, xgboost.DMatrix),
        ({"updater": "grow_colmaker,prune"}, xgboost.DMatrix),
    ],
    ids=["hist", "approx", "exact", "gblinear", "updater"],
)
@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
@pytest.mark.parametrize("sparse", [False, True], ids=["csv", "libsvm"])
def test_every_way_to_train_has_its_matrix(make_job, monkeypatch, more, kind, on_disk, sparse):
    monkeypatch.setattr(rows_module, "CHUNK", 5000)  # several of them
    content = as_libsvm(X, Y) if sparse else as_csv(X, Y)
    job = make_job(LIBSVM if sparse else CSV, {"train/a": content}, cache=0 if on_disk else None, **more)
    model, made = built(job)
    assert made is (xgboost.ExtMemQuantileDMatrix if on_disk and not more else kind)
    expected = csr_array((X[~np.isnan(X)], np.nonzero(~np.isnan(X))), X.shape) if sparse else X
    assert model == trained(job, xgboost.DMatrix(expected, Y))


def test_nothing_is_left_on_disk(make_job, tmp_path, monkeypatch, recwarn):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    job = make_job(CSV, {"train/a": as_csv(X, Y), "validation/a": as_csv(X, Y)}, cache=0)
    with build(job, Cluster(job.hosts)) as matrices:
        assert list(scratch.iterdir())
        model = xgboost.train({"nthread": 1}, matrices.train, 2, evals=[(matrices.validation, "validation")])
    assert not list(scratch.iterdir())
    del model, matrices
    assert not [warning for warning in recwarn if "cache file" in str(warning.message)]


def test_weights_count(make_job):
    weights = RNG.integers(1, 5, len(Y)).astype(np.float32)
    job = make_job(LIBSVM, {"train/a": as_libsvm(X, Y, weights)})
    dense = xgboost.QuantileDMatrix(csr_array((X[~np.isnan(X)], np.nonzero(~np.isnan(X))), X.shape), Y, weight=weights)
    assert built(job)[0] == trained(job, dense)
    table = np.column_stack([Y, weights, np.nan_to_num(X)])
    csv = "\n".join(",".join(f"{value:g}" for value in row) for row in table).encode()
    job = make_job(CSV, {"train/a": csv}, csv_weights="1")
    assert built(job)[0] == trained(job, xgboost.QuantileDMatrix(np.nan_to_num(X), Y, weight=weights))


# Ranking. --------------------------------------------------------------------------------------------------------------------

QUERIES = np.repeat(np.arange(300) * 7, 10)
RELEVANCE = RNG.integers(0, 4, 3000).astype(np.float32)


@pytest.mark.parametrize("weighted", [False, True])
def test_queries_stay_whole_wherever_batches_end(make_job, monkeypatch, weighted):
    monkeypatch.setattr("algorithms.xgboost.data.ROWS", 64)
    monkeypatch.setattr(rows_module, "CHUNK", 5000)
    weights = np.repeat(RNG.integers(1, 4, 300), 10) if weighted else None
    job = make_job(LIBSVM, {"train/a": as_libsvm(X, RELEVANCE, weights, QUERIES)}, objective="rank:ndcg")
    with build(job, Cluster(job.hosts)) as matrices:
        assert matrices.train.get_uint_info("group_ptr").tolist() == list(range(0, 3001, 10))
        if weighted:
            assert matrices.train.get_weight().tolist() == weights[::10].tolist()


def test_queries_that_come_back_are_refused(make_job):
    job = make_job(LIBSVM, {"train/a": b"1 qid:1 0:1\n1 qid:2 0:1\n0 qid:1 0:2\n"}, objective="rank:ndcg")
    with pytest.raises(UserError, match=r"channel 'train': the rows of query 1 do not follow each other"):
        built(job)


def test_rows_of_a_query_have_one_weight(make_job):
    job = make_job(LIBSVM, {"train/a": b"1:2 qid:1 0:1\n1:3 qid:1 0:1\n"}, objective="rank:ndcg")
    with pytest.raises(UserError, match="weight 3: expected 2"):
        built(job)


# Widths, and what there is too little of. ------------------------------------------------------------------------------------


def test_libsvm_is_as_wide_as_the_widest_channel(make_job):
    job = make_job(LIBSVM, {"train/a": b"1 0:1\n2 2:1\n", "validation/a": b"1 6:1\n", "train/b": b"3\n"})
    with build(job, Cluster(job.hosts)) as matrices:
        assert (matrices.train.num_row(), matrices.train.num_col()) == (3, 7)
        assert (matrices.validation.num_row(), matrices.validation.num_col()) == (1, 7)
    assert combined(job).num_row() == 4
    assert combined(job).num_col() == 7


@pytest.mark.parametrize(
    ("content_type", "files", "reason"),
    [
        (CSV, {"train/a": b"1,2,3\n", "train/b": b"1,2\n"}, r"train/b, line 1: expected 3 columns"),
        (CSV, {"train/a": b"1,2,3\n", "validation/b": b"1,2\n"}, r"validation/b, line 1: expected 3 columns"),
        (CSV, {"train/a": b"1\n2\n"}, r"train/a, line 1: expected at least 2 columns"),
        (CSV, {"train/a": b"1,2\n", "validation/a": b""}, "channel 'validation' holds no rows"),
        (CSV, {"train/a": b"\n"}, "channel 'train' holds no rows"),
        (LIBSVM, {"train/a": b"1\n0\n"}, "no row has a feature"),
    ],
)
def test_data_that_fit_nothing(make_job, content_type, files, reason):
    with pytest.raises(UserError, match=reason):
        built(make_job(content_type, files))


def test_a_stop_ends_the_reading(make_job):
    job = make_job(CSV, {"train/a": b"1,2\n"})
    job.stop.set()
    with pytest.raises(Stopped, match="while the data were read"):
        built(job)


def test_check_says_what_is_there(make_job):
    job = make_job(LIBSVM, {"train/a": b"1:2 0:1 2:0\n0\n", "validation/a": b"1 2:1\n"}, objective="binary:logistic")
    assert describe(job) == {
        "train": {"rows": 2, "features": 3, "sparse": True, "non_zero": 1 / 6, "labels": {"0": 1, "1": 1}}
        | {"weight": {"mean": 1.5, "min": 1.0, "max": 2.0}},
        "validation": {"rows": 1, "features": 3, "sparse": True, "non_zero": 1 / 3, "labels": {"1": 1}}
        | {"weight": {"mean": 1.0, "min": 1.0, "max": 1.0}},
    }


# More rows than memory. ------------------------------------------------------------------------------------------------------

MEASURE = """
import resource, sys
from pathlib import Path
import xgboost
from algorithms.xgboost.hosts import Cluster
from algorithms.xgboost.hyperparameters import XGBoostHyperparameters
from algorithms.xgboost.matrices import build
from containers.channels import Channel
from containers.hosts import Hosts
from containers.job import TrainingJob
from containers.media import RECORDIO, MediaType
from containers.settings import TrainSettings
root = Path(sys.argv[1])
channels = {"train": Channel("train", root / "train", MediaType(RECORDIO))}
hyperparameters = XGBoostHyperparameters.parse({"num_round": "1"})
job = TrainingJob("job", hyperparameters, channels, Hosts(), TrainSettings.read({"DRYDOCK_CACHE_MB": "4"}, root))
with build(job, Cluster(job.hosts)) as matrices:
    xgboost.train({"nthread": 1, "max_depth": 2}, matrices.train, 2)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_memory_grows_less_than_the_data(tmp_path):
    rows, peaks = np.arange(20_000 * 100, dtype=np.float32).reshape(-1, 100) % 251, []
    block = recordio.encode(rows, rows[:, 0])
    for blocks in (5, 25):
        (tmp_path / "train").mkdir(exist_ok=True)
        with (tmp_path / "train" / "a").open("wb") as file:
            for _ in range(blocks):
                file.write(block)
        peaks.append(int(subprocess.run([sys.executable, "-c", MEASURE, tmp_path], check=True, capture_output=True).stdout))
    # The bins, a byte for each value of four, lie in a file that is mapped; in memory, the rows alone would take all of it.
    assert peaks[1] - peaks[0] < 0.6 * 20 * rows.nbytes, peaks


# Several hosts. --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def start(tmp_path):
    yield from starter(tmp_path / "hosts")


def boost(job):
    """Train; the last host's rows may be none."""
    with collective(job) as cluster, build(job, cluster) as matrices:
        results = {}
        evals = [(matrices.train, "train"), (matrices.validation, "validation")]
        xgboost.train(job.hyperparameters.parameters() | {"nthread": 1}, matrices.train, 10, evals=evals, evals_result=results)
        tell(
            [
                matrices.train.num_row(),
                matrices.train.num_col(),
                results["train"]["rmse"][-1],
                results["validation"]["rmse"][-1],
            ]
        )


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [[1000], [200, 1900], [1500, 3000]], ids=["two", "uneven", "nothing"])
def test_hosts_with_a_part_each_learn_what_one_does_with_all(start, tmp_path, cuts):
    whole = {"train": xgboost.QuantileDMatrix(X, Y)}
    results = {}
    xgboost.train({"nthread": 1}, whole["train"], 10, evals=[(whole["train"], "train")], evals_result=results)
    parts = list(zip(np.split(X, cuts), np.split(Y, cuts), strict=True))
    for name, (x, y) in zip(names(len(parts)), parts, strict=True):
        for channel in ("train", "validation"):
            directory = tmp_path / "hosts" / name / "input" / "data" / channel
            directory.mkdir(parents=True)
            if len(x):
                (directory / "part").write_bytes(as_libsvm(x, y))
    running = start(len(parts), boost)
    told = [host.tells() for host in running]
    assert [host.end() for host in running] == [0] * len(parts)
    assert [row for row, *_ in told] == [len(x) for x, _ in parts]
    for _, width, train, validation in told:
        assert width == 6
        assert train == pytest.approx(results["train"]["rmse"][-1], abs=1e-3)
        assert validation == pytest.approx(train, abs=1e-6)


@pytest.mark.parametrize("queries", [False, True])
def test_hosts_that_all_have_everything_share_it(make_job, queries):
    content = as_libsvm(X, RELEVANCE, queries=QUERIES if queries else None)
    job = make_job(LIBSVM, {"train/a": content}, objective="rank:ndcg")
    shares = []
    for current in names(3):
        batches = shared(read(job.channel("train"), job.hyperparameters), Hosts(current, tuple(names(3))))
        shares.append(np.concatenate([batch.labels for batch in batches]))
    assert [len(share) for share in shares] == [1000] * 3
    assert sorted(np.concatenate(shares)) == sorted(RELEVANCE)
    if queries:
        assert np.array_equal(shares[1], RELEVANCE.reshape(300, 10)[1::3].ravel())

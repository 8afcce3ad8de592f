"""xgboost without scikit-learn: neither a job nor a server imports it, and who wants it finds it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.algorithms.xgboost.serving import put, train

#: It would be half of a worker's memory, and most of the time until it answers or begins to train.
HEAVY = {"sklearn", "scipy.stats", "scipy.special", "pandas", "tensorflow", "matplotlib"}
#: How others in the process may come to what has been left out.
WAYS = {
    "from": "from xgboost import XGBClassifier",
    "module": "import xgboost.sklearn",
    "cross-validation": "xgboost.cv({}, xgboost.DMatrix(np.eye(4), [0, 1, 0, 1]), nfold=2, stratified=True, as_pandas=False)",
}
LOAD = """
import sys
from pathlib import Path
from algorithms.xgboost import algorithm
from containers.settings import ServeSettings
algorithm.load(Path(sys.argv[1]), ServeSettings.read({}))
print(json.dumps([*sys.modules]))
"""
USE = """
import sklearn.base, sklearn.model_selection, xgboost.sklearn
x = np.random.default_rng(0).normal(size=(60, 2))
estimator = xgboost.XGBClassifier(n_estimators=3)
assert isinstance(estimator, sklearn.base.ClassifierMixin)
assert sklearn.model_selection.cross_val_score(estimator, x, x[:, 0] > 0).mean() > 0.8
assert xgboost.sklearn.XGBClassifier is xgboost.XGBClassifier
assert type(estimator.fit(x, x[:, 0] > 0).get_booster()) is xgboost.Booster is xgboost.core.Booster
assert callable(xgboost.plot_tree) and not hasattr(xgboost, "nonsense")
"""
TRAIN = """
import sys
from containers.train import main
assert main(["--algorithm", "xgboost", "--root", sys.argv[1]], {"DRYDOCK_REPORT": "off"}) == 0
print(json.dumps([*sys.modules]))
"""


def modules(script, *arguments):
    """What a process that runs a script has imported, as it says in its last line."""
    command = [sys.executable, "-c", f"import json\n{script}", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {*json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_loaded_model_has_imported_little_and_who_wants_an_estimator_gets_one_that_works(way, tmp_path):
    put(train(), tmp_path)
    script = f"{LOAD}\nimport numpy as np, xgboost\n{WAYS[way]}\n{USE}"
    found = modules(script, tmp_path)
    assert "xgboost" in found
    assert not found & HEAVY


@pytest.mark.slow
def test_a_job_imports_little(tmp_path):
    for directory in ("input/config", "input/data/train"):
        (tmp_path / directory).mkdir(parents=True)
    hyperparameters = {"num_round": "2", "objective": "binary:logistic", "eval_metric": "auc,accuracy"}
    (tmp_path / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    (tmp_path / "input/config/inputdataconfig.json").write_text(json.dumps({"train": {"ContentType": "text/csv"}}))
    rows = np.random.default_rng(0).normal(size=(50, 3))
    np.savetxt(tmp_path / "input/data/train/rows.csv", np.column_stack([rows[:, 0] > 0, rows]), delimiter=",")
    found = modules(TRAIN, tmp_path)
    assert "xgboost" in found
    assert not found & HEAVY


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, "GOMP_SPINCOUNT = '100000'"),
        ({"GOMP_SPINCOUNT": "7"}, "GOMP_SPINCOUNT = '7'"),
        ({"OMP_WAIT_POLICY": "active"}, "'ACTIVE'"),
    ],
)
def test_threads_without_work_soon_sleep_unless_the_environment_says_otherwise(given, found):
    """OpenMP says what it has read."""
    script = (
        "from algorithms.xgboost import importing; importing.import_xgboost(); print(importing.os.getenv('GOMP_SPINCOUNT'))"
    )
    kept = {name: value for name, value in os.environ.items() if name not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    environ = {**kept, "OMP_DISPLAY_ENV": "verbose", **given}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert found in done.stderr
    assert done.stdout == f"{given.get('GOMP_SPINCOUNT')}\n", "nobody else's environment changes"

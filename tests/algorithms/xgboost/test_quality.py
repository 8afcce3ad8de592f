"""Real data with default settings: the model of a job is as good as that which plain xgboost makes of the same rows."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import xgboost

from tests import data
from tests.benchmarks import datasets

pytestmark = [pytest.mark.slow, pytest.mark.data]

ROUNDS = 20
OBJECTIVES = {
    "binary_classifier": "binary:logistic",
    "multiclass_classifier": "multi:softprob",
    "regressor": "reg:squarederror",
}
#: Well within what is usual for the set.
LIMITS = {"abalone": ("rmse", 2.3), "adult": ("error", 0.13), "covtype_11k": ("merror", 0.21), "shuttle": ("merror", 0.001)}


@pytest.mark.parametrize("name", LIMITS)
def test_a_job_is_as_good_as_plain_xgboost(tmp_path, name):
    data.path(name)
    split, (metric, limit) = getattr(datasets, name)(), LIMITS[name]
    parameters = {"objective": OBJECTIVES[split.predictor_type], "eval_metric": metric}
    if split.predictor_type == "multiclass_classifier":
        parameters["num_class"] = split.classes
    channels = {"train": (split.x, split.y), "validation": (split.x_test, split.y_test)}
    config = tmp_path / "input" / "config"
    config.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps({"num_round": ROUNDS, **parameters}, default=str))
    (config / "inputdataconfig.json").write_text(json.dumps({channel: {"ContentType": "text/csv"} for channel in channels}))
    for channel, (x, y) in channels.items():
        directory = tmp_path / "input" / "data" / channel
        directory.mkdir(parents=True)
        np.savetxt(directory / "rows.csv", np.column_stack([y, x]), "%.9g", ",")
    command = [sys.executable, "-m", "containers.train", "--algorithm", "xgboost", "--root", tmp_path]
    subprocess.run(command, env=os.environ | {"DRYDOCK_REPORT": "off"}, check=True, capture_output=True)

    train = xgboost.QuantileDMatrix(split.x, split.y)
    held_out = xgboost.QuantileDMatrix(split.x_test, split.y_test, ref=train)
    theirs = xgboost.train(parameters, train, ROUNDS)
    ours = xgboost.Booster(model_file=bytearray((tmp_path / "model" / "xgboost-model").read_bytes()))
    ours.set_param({"eval_metric": metric})
    score, peer = (float(booster.eval(held_out).rpartition(":")[2]) for booster in (ours, theirs))
    print(f"{name}: {metric} {score:.5f}, plain xgboost {peer:.5f}")
    assert np.allclose(ours.predict(held_out), theirs.predict(held_out), atol=1e-5)
    assert score == pytest.approx(peer, abs=1e-6)
    assert score <= limit

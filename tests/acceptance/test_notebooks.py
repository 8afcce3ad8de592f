"""What the official notebooks set and send is accepted as it stands; their data are invented, and the trainings short."""

from importlib import import_module

import pytest

import local_mode
from tests.acceptance.notebooks import TABLE, Run, runs
from tests.contract.cases import FIRST

RUNS = [
    pytest.param(case.algorithm_name, case.facts, run, id=f"{case.algorithm_name}-{run.title}")
    for case in FIRST
    for run in runs(case.facts)
]
ABSENT = pytest.param(
    "", "", None, marks=pytest.mark.skip(f"there is no {TABLE}; DRYDOCK_DATA may name another place for the data")
)


@pytest.mark.parametrize(("algorithm", "module", "run"), RUNS or [ABSENT])
def test_notebook(build, algorithm: str, module: str, run: Run, tmp_path):
    build(algorithm)
    prepared = import_module(f"tests.acceptance.notebooks.{module}").prepare(run, tmp_path)
    result = local_mode.train(
        algorithm,
        prepared.channels,
        prepared.hyperparameters,
        tmp_path / "out",
        content_type=run.content_type,
        sharded=list(prepared.channels) if run.sharded else (),
        backend="docker",
    )
    if "_tuning_objective_metric" in prepared.hyperparameters:
        assert prepared.hyperparameters["_tuning_objective_metric"] in result.metrics
    if prepared.body is None:
        return
    transform = {"SAGEMAKER_BATCH": "true"} if run.request.get("batch") else {}
    with local_mode.serve(
        result.model_archive, algorithm=algorithm, environment=transform, workers=1, backend="docker"
    ) as endpoint:
        content_type = prepared.content_type or run.request["content_type"]
        prepared.check(endpoint.invoke(prepared.body, content_type, prepared.accept or run.accept))

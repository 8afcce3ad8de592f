"""Training: the same model from the same data, however they come; and what a job leaves behind."""

import gzip
import json

import pytest

from tests.contract.cases import FIRST, each_algorithm, each_case

pytestmark = pytest.mark.slow


@each_case
def test_what_a_job_leaves(case, trained):
    job = trained(case)
    assert set(job.model) == case.model_files
    description = json.loads(job.model["model.json"])
    assert description["algorithm"] == case.algorithm_name
    assert type(description["format"]) is int
    assert {path.name for path in (job.root / "output" / "data").iterdir()} == {"metrics.jsonl", "report.html"}
    assert "<svg" in (job.root / "output/data/report.html").read_text()
    assert not (job.root / "output" / "failure").exists()
    written = [*(job.root / "model").iterdir(), *(job.root / "output" / "data").iterdir()]
    assert [path.name for path in written if not path.stat().st_mode & 0o004] == [], "readable by others"


@each_algorithm
def test_two_runs_give_the_same_model_and_the_report_may_be_left_out(case, trained, make_job):
    job = make_job(case).data(case.content_types[-1]).run(DRYDOCK_REPORT="off")
    assert job.model == trained(case).model
    assert {path.name for path in (job.root / "output" / "data").iterdir()} == {"metrics.jsonl"}


@pytest.mark.parametrize(
    ("case", "content_type"),
    [pytest.param(case, name, id=f"{case}-{name}") for case in FIRST for name in case.content_types[:-1]],
)
def test_every_content_type_gives_the_same_model(case, content_type, trained, make_job):
    assert make_job(case).data(content_type).run().model == trained(case).model


@each_algorithm
def test_without_a_content_type_the_default_is_assumed(case, trained, make_job):
    assert make_job(case).data(None).run().model == trained(case).model


@pytest.mark.parametrize(
    ("case", "mode", "content_type"),
    [
        pytest.param(case, mode, content_type, id=f"{case}-{mode}-{content_type}")
        for case in FIRST
        for mode in case.input_modes
        for content_type in case.content_types
        if mode != "File"
    ],
)
def test_every_input_mode_gives_the_same_model(case, mode, content_type, trained, make_job):
    assert make_job(case).data(content_type, mode).run().model == trained(case).model


@each_algorithm
def test_files_at_any_depth_some_of_them_compressed(case, trained, make_job):
    content_type = case.content_types[-1]
    job = make_job(case)
    for name, examples in case.examples.items():
        quarter = -(-len(examples) // 4)
        a, b, c, d = (
            case.encode(examples[start : start + quarter], content_type) for start in range(0, len(examples), quarter)
        )
        files = {"a": a, "b.gz": gzip.compress(b), "c/d": c, "c/deeper/e.gz": gzip.compress(d)}
        job.channel(name, files | {".hidden": b"no data", "c/_SUCCESS": b""}, content_type)
    assert job.run().model == trained(case).model


@each_case
def test_one_example_is_enough(case, make_job):
    content_type = case.content_types[-1]
    job = make_job(case).channel("train", {"one": case.encode(case.examples["train"][:1], content_type)}, content_type)
    assert set(job.run().model) == case.model_files


@each_algorithm
def test_inside_a_tuning_job(case, make_job):
    objective = next(spec.name for spec in case.algorithm.metrics if spec.direction and spec.name.startswith("validation:"))
    job = make_job(case, _tuning_objective_metric=objective).data(case.content_types[-1]).run(DRYDOCK_REPORT="off")
    assert objective in {row["name"] for row in job.metrics}
    case.check_tuned(job.log)

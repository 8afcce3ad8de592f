"""Training: the same model from the same data, however they come; and what a job leaves behind."""

import gzip
import inspect
import json
from itertools import product
from pathlib import Path

import pytest

from tests.contract.cases import each_algorithm, each_case, each_reader
from tests.contract.job import run_all

pytestmark = pytest.mark.slow


def output_files(job):
    return {path.name for path in (job.root / "output" / "data").iterdir()}


@each_case
def test_what_a_job_leaves(case, trained):
    job = trained(case)
    assert set(job.model) == case.model_files
    readme = Path(inspect.getfile(type(case.algorithm))).with_name("README.md").read_text()
    assert [name for name in case.model_files if name not in readme] == [], "documented"
    if "model.json" in job.model:  # other formats say themselves what they are
        description = json.loads(job.model["model.json"])
        assert description["algorithm"] == case.algorithm_name
        assert type(description["format"]) is int
    assert output_files(job) == {"metrics.jsonl", "report.html", *case.output_files}
    assert "<svg" in (job.root / "output/data/report.html").read_text()
    assert not (job.root / "output" / "failure").exists()
    written = [path for name in ("model", "output/data") for path in (job.root / name).rglob("*")]
    assert [path.name for path in written if not path.stat().st_mode & 0o004] == [], "readable by others"


@each_algorithm
def test_two_runs_give_the_same_model_and_the_report_may_be_left_out(case, trained, make_job):
    job = make_job(case).data(case.content_types[-1]).run(DRYDOCK_REPORT="off")
    assert job.model == trained(case).model
    assert output_files(job) == {"metrics.jsonl", *case.output_files}


@each_reader
def test_every_content_type_and_input_mode_gives_the_same_model(case, trained, make_job):
    ways = {*product(case.content_types, case.input_modes), (None, "File")} - {(case.content_types[-1], "File")}
    jobs = {way: make_job(case).data(*way) for way in ways}
    run_all(jobs.values())
    assert [way for way, job in jobs.items() if job.model != trained(case).model] == []


@each_algorithm
def test_files_at_any_depth_some_of_them_compressed(case, trained, make_job):
    content_type = case.content_types[-1]
    job, plain = make_job(case), make_job(case)
    for name, examples in case.examples.items():
        quarter = -(-len(examples) // 4)
        a, b, c, d = (
            case.encode(examples[start : start + quarter], content_type) for start in range(0, len(examples), quarter)
        )
        files = {"a": a, "b.gz": gzip.compress(b), "c/d": c, "c/deeper/e.gz": gzip.compress(d)}
        job.channel(name, files | {".hidden": b"no data", "c/_SUCCESS": b""}, content_type)
        plain.channel(name, {"a": a, "b": b, "c": c, "d": d}, content_type)
    expected = plain.run(DRYDOCK_REPORT="off") if case.cuts_matter else trained(case)
    assert job.run(DRYDOCK_REPORT="off").model == expected.model


@each_case
def test_one_example_is_enough(case, make_job):
    content_type = case.content_types[-1]
    job = make_job(case).channel("train", {"one": case.encode(case.examples["train"][:1], content_type)}, content_type)
    assert set(job.run().model) == case.model_files


@each_algorithm
def test_inside_a_tuning_job(case, make_job):
    job = make_job(case, _tuning_objective_metric=case.objective).data(case.content_types[-1]).run(DRYDOCK_REPORT="off")
    assert case.objective in {row["name"] for row in job.metrics}
    case.check_tuned(job.log)

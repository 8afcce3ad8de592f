"""Metrics: every line that is promised is found by its own expression and by no other, with the value that was measured."""

import re
from collections import Counter

import pytest

from containers.algorithm import MetricSpec
from tests.contract.case import Case
from tests.contract.cases import CASES, each_algorithm, each_case
from tests.contract.facts import table


def line(spec: MetricSpec, case: Case, value: float) -> str:
    return spec.line.format(host="algo-1-ab12c", value=value, epoch=3, **case.metric_fields)


@each_algorithm
@pytest.mark.parametrize("value", [0.25, 1e-7, -3.0, 123456789.5])
def test_every_line_is_found_by_its_own_expression_and_no_other(case, value):
    for spec in case.algorithm.metrics:
        found = {
            (other.name, other.per_epoch) for other in case.algorithm.metrics if re.search(other.regex, line(spec, case, value))
        }
        assert found == {(spec.name, spec.per_epoch)}
        assert float(re.search(spec.regex, line(spec, case, value))[1]) == value


@each_algorithm
def test_declarations_are_distinct(case):
    specs = Counter((spec.name, spec.per_epoch) for spec in case.algorithm.metrics)
    assert set(specs.values()) == {1}
    assert any(spec.per_epoch for spec in case.algorithm.metrics)


def scraped(spec: MetricSpec, log: str) -> list[float]:
    """What the platform makes of a log."""
    return [float(match[1]) for each in log.splitlines() if (match := re.search(spec.regex, each))]


@pytest.mark.slow
@each_case
def test_the_log_says_what_metrics_jsonl_says(case, trained):
    job = trained(case)
    for spec in case.algorithm.metrics:
        rows = [row for row in job.metrics if row["name"] == spec.name and (row["epoch"] is not None) == spec.per_epoch]
        assert scraped(spec, job.log) == [row["value"] for row in rows], spec.name
        if spec.per_epoch:
            assert [row["epoch"] for row in rows] == list(range(len(rows))), spec.name
        else:
            assert len(rows) <= 1, f"{spec.name}: once, for the final model"


@pytest.mark.slow
@each_algorithm
def test_every_declared_metric_is_reported(case, trained):
    logs = [trained(other).log for other in CASES if other.algorithm_name == case.algorithm_name]
    silent = {spec.name for spec in case.algorithm.metrics if not any(scraped(spec, log) for log in logs)}
    assert silent == case.elsewhere


def filled_in(row: dict, names: set[str]) -> list[dict]:
    """Name and expression of a row; of one that stands for every metric, those of every metric."""
    if "<metric>" not in row["name"]:
        return [{}]
    return [{key: row[key].replace("<metric>", name) for key in ("name", "regex")} for name in names]


@each_algorithm
def test_declarations_agree_with_what_aws_documents(case):
    ours = {(spec.name, spec.regex): spec.direction for spec in case.algorithm.metrics}
    documented = table("metrics")[case.facts]["metrics"]
    names = {row["name"].partition(":")[2] for row in documented} - {"<metric>"}
    for row in ({**entry, **filled} for entry in documented for filled in filled_in(entry, names)):
        if row["regex"]:
            # The table tells the final model's metric from that of every epoch by the name, we by `per_epoch`; and it has a tab
            # as the platform's log viewer shows it, where a log that nobody has changed has the tab itself.
            regex = row["regex"].replace("#011", r"(?:#011|\t)")
            direction = row["direction"] if row.get("tuning_objective", True) else None
            found = ours.get((row["name"].removesuffix(":final"), regex), "not declared")
            assert found == direction or (direction is None and found != "not declared"), row


@pytest.mark.slow
@each_case
def test_the_lines_of_every_log_begin_as_those_of_aws(case, trained):
    prefix = r"\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d (INFO|WARNING) \d+\] |#metrics \{|\[\d+\]\t(train|validation)-"
    assert [text for text in trained(case).log.splitlines() if not re.match(prefix, text)] == []

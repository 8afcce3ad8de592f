"""Metrics: AWS's expressions find the log lines, programs read the JSON, TensorBoard its events."""

import json
import logging
import math
import re

import numpy as np
import pytest

from containers.reporting.logs import Formatter
from containers.reporting.metrics import Reporter
from tests.containers.tiny import algorithm

PREFIX = re.compile(r"^\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] ")


@pytest.fixture
def lines():
    """Log lines as they are written."""
    written: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Handler()
    handler.setFormatter(Formatter())
    logger = logging.getLogger("containers")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.setLevel(level)
    logger.removeHandler(handler)


def written(tmp_path) -> list[dict]:
    return [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]


def test_a_metric_is_a_log_line_that_its_expression_finds(lines, tmp_path):
    with Reporter(algorithm, "algo-1-x", tmp_path) as report:
        report.metric("train:bytes", 12, epoch=3)
        report.metric("train:bytes", 13)
    assert [PREFIX.sub("", line) for line in lines] == [
        "#quality_metric: host=algo-1-x, epoch=3, bytes=12.0",
        "#quality_metric: host=algo-1-x, bytes=13.0",
    ]
    assert all(PREFIX.match(line) for line in lines)
    assert float(re.search(algorithm.metrics[0].regex, lines[0])[1]) == 12


def test_several_metrics_share_a_line(lines, tmp_path):
    with Reporter(algorithm, "algo-1", tmp_path) as report:
        report.row("[3]\ttrain-x:0.5\tvalidation-x:1.0", {"train:x": 0.5, "validation:x": np.float32(1)}, epoch=3, fold=2)
    assert lines == ["[3]\ttrain-x:0.5\tvalidation-x:1.0"]
    rows = [{key: row[key] for key in row if key != "time"} for row in written(tmp_path)]
    assert rows == [
        {"name": "train:x", "value": 0.5, "epoch": 3, "fold": 2},
        {"name": "validation:x", "value": 1.0, "epoch": 3, "fold": 2},
    ]


@pytest.mark.parametrize(
    "value", [0.1 + 0.2, 1e-300, 123456789.123456789, np.float32(0.1), np.float64(1 / 3), np.int64(7), 2**40]
)
def test_values_keep_their_precision(lines, tmp_path, value):
    with Reporter(algorithm, "algo-1", tmp_path) as report:
        report.metric("train:bytes", value)
    assert float(re.search(algorithm.metrics[1].regex, lines[0])[1]) == float(value)
    assert written(tmp_path)[0]["value"] == float(value)


def test_fields_go_into_the_line_and_into_the_json(lines, tmp_path):
    with Reporter(algorithm, "algo-1", tmp_path) as report:
        report.metric("train:f_beta", 0.5, beta=1.0)
    assert lines[0].endswith("#quality_metric: host=algo-1, binary_f_1.000 <score>=0.5")
    assert written(tmp_path)[0]["beta"] == 1.0


def test_every_metric_is_in_the_file_at_once(tmp_path):
    with Reporter(algorithm, "algo-1", tmp_path / "output" / "data") as report:
        for epoch in range(3):
            report.metric("train:bytes", epoch, epoch=epoch)
            assert len(written(tmp_path / "output" / "data")) == epoch + 1
    line = written(tmp_path / "output" / "data")[1]
    assert line.pop("time") > 1.6e9
    assert line == {"name": "train:bytes", "value": 1.0, "epoch": 1}


def test_what_json_cannot_say_is_null(lines, tmp_path):
    with Reporter(algorithm, "algo-1", tmp_path) as report:
        report.metric("train:bytes", math.nan)
        report.metric("train:bytes", -math.inf)
        report.metrics({"loss": [1.0, math.inf]})
    assert [line["value"] for line in written(tmp_path)] == [None, None]
    assert math.isnan(float(re.search(algorithm.metrics[1].regex, lines[0])[1]))
    assert json.loads(lines[2].removeprefix("#metrics "), parse_constant=pytest.fail)["Metrics"]["loss"]["max"] is None


def test_a_run_does_not_add_to_the_metrics_of_the_last(tmp_path):
    for value in (1, 2):
        with Reporter(algorithm, "algo-1", tmp_path) as report:
            report.metric("train:bytes", value)
    assert [line["value"] for line in written(tmp_path)] == [2.0]


def test_a_metric_nobody_declared_is_refused(tmp_path):
    with (
        Reporter(algorithm, "algo-1", tmp_path) as report,
        pytest.raises(ValueError, match="tiny declares no metric 'train:loss'"),
    ):
        report.metric("train:loss", 1)


def test_hosts_beside_the_first_only_log(lines, tmp_path):
    with Reporter(algorithm, "algo-2", None) as report:
        report.metric("train:bytes", 1)
    assert len(lines) == 1
    assert list(tmp_path.iterdir()) == []


def test_metrics_lines(lines, tmp_path):
    with Reporter(algorithm, "algo-1", tmp_path) as report:
        report.metrics({"epochs": 15})
        report.metrics({"update.time": [2.0, 1.0, 4.0]}, Algorithm="Tiny Learner", epoch=2, model=np.int64(0))
    assert [line[:10] for line in lines] == ["#metrics {", "#metrics {"]
    first, second = (json.loads(line.removeprefix("#metrics ")) for line in lines)
    assert first["Metrics"] == {"epochs": {"sum": 15.0, "count": 1, "min": 15.0, "max": 15.0}}
    assert first["Dimensions"] == {"Algorithm": "tiny", "Host": "algo-1", "Operation": "training"}
    assert second["Metrics"] == {"update.time": {"sum": 7.0, "count": 3, "min": 1.0, "max": 4.0}}
    assert second["Dimensions"] == {
        "Algorithm": "Tiny Learner",
        "Host": "algo-1",
        "Operation": "training",
        "epoch": 2,
        "model": 0,
    }
    assert first["StartTime"] <= first["EndTime"] == second["StartTime"] <= second["EndTime"]


def test_tensorboard_events(tmp_path):
    from tensorboardX.proto.event_pb2 import Event

    events = tmp_path / "events"
    with Reporter(algorithm, "algo-1", tmp_path, events) as report:
        report.metric("train:bytes", 5, epoch=2)
    (file,) = events.iterdir()
    data, values = file.read_bytes(), []
    while data:  # length: 8 bytes, its checksum: 4, event, checksum: 4
        size = int.from_bytes(data[:8], "little")
        event, data = Event.FromString(data[12 : 12 + size]), data[16 + size :]
        values += [(value.tag, value.simple_value, event.step) for value in event.summary.value]
    assert values == [("train/bytes", 5.0, 2)]

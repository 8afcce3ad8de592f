"""The log lines are AWS's."""

import re

import pytest

from algorithms.blazingtext.metrics import SPECS


@pytest.mark.parametrize(
    ("name", "line", "value"),
    [
        ("train:mean_rho", "[06/27/2020 16:35:09 INFO 140271083321152] #mean_rho: 0.7164745137513052", 0.7164745137513052),
        ("validation:accuracy", "#validation_accuracy: 0.9228", 0.9228),
        ("train:accuracy", "#train_accuracy: 0.9888", 0.9888),
    ],
)
def test_what_the_platform_looks_for_is_what_is_written(name, line, value):
    (spec,) = (spec for spec in SPECS if spec.name == name)
    assert line.endswith(spec.line.format(value=value))
    assert [other.name for other in SPECS if re.search(other.regex, line)] == [name]
    assert float(re.search(spec.regex, line)[1]) == value


def test_what_a_tuner_may_ask_for():
    assert {spec.name for spec in SPECS if spec.direction} == {"train:mean_rho", "validation:accuracy"}

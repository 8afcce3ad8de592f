"""Hyperparameters: both encodings, every rule, all problems at once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pydantic
import pytest

from containers.errors import UserError
from containers.hyperparameters import AUTO, Auto, Hyperparameters, choice, flag, groups, integers, number, words
from tests.containers.invalid_values import invalid_values, valid_edges


class Example(Hyperparameters):
    kind: str = choice("regressor", "classifier")
    num_classes: int | None = number(default=None, ge=3, le=1_000_000, applies="kind=classifier")
    epochs: int = number(default=15, ge=1)
    learning_rate: float | Auto = number(default=AUTO, gt=0, tune=(1e-5, 1))
    momentum: float = number(default=0.9, ge=0, lt=1)
    offset: float = number(default=0.0)
    weight: float | Literal["auto", "balanced"] = number(default=1.0, gt=0)
    likelihood: str = choice("gaussian", "student-T", default="student-T")
    loss: str = choice("auto", "logistic", "hinge_loss", default="auto")
    use_bias: bool = flag(default=True, tune=(True, False))
    normalize: bool | Auto = flag(default=AUTO)
    metrics: tuple[str, ...] = words("rmse", "auc", forms={"error@t": r"error@[\d.]+"}, default=("rmse",))
    signs: tuple[int, ...] | None = integers(ge=-1, le=1)
    sets: tuple[tuple[int, ...], ...] | None = groups(ge=0)
    lambda_: float = number(default=1.0, ge=0, aliases=("reg_lambda",))

    @classmethod
    def conflicts(cls, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        if values.get("kind") == "classifier" and values.get("num_classes", 0) is None:
            yield "num_classes", "required with kind=classifier"


def parse(**raw: Any) -> Example:
    return Example.parse({"kind": "regressor", **raw})


def problems(raw: Mapping[str, Any]) -> list[str]:
    with pytest.raises(UserError) as caught:
        Example.parse(raw)
    return str(caught.value).splitlines()


def test_defaults():
    assert parse().model_dump() == {
        "kind": "regressor",
        "num_classes": None,
        "epochs": 15,
        "learning_rate": "auto",
        "momentum": 0.9,
        "offset": 0.0,
        "weight": 1.0,
        "likelihood": "student-T",
        "loss": "auto",
        "use_bias": True,
        "normalize": "auto",
        "metrics": ("rmse",),
        "signs": None,
        "sets": None,
        "lambda_": 1.0,
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("epochs", "10", 10),
        ("epochs", " 10 ", 10),
        ("epochs", "10.0", 10),
        ("epochs", "1e3", 1000),
        ("epochs", '"10"', 10),
        ("epochs", "9007199254740993", 9007199254740993),
        ("epochs", 10, 10),
        ("learning_rate", "5E-4", 0.0005),
        ("learning_rate", ".5", 0.5),
        ("learning_rate", "AUTO", "auto"),
        ("learning_rate", '"auto"', "auto"),
        ("learning_rate", 0.5, 0.5),
        ("offset", "-1.5e+2", -150.0),
        ("weight", "Balanced", "balanced"),
        ("likelihood", "STUDENT-t", "student-T"),
        ("likelihood", '"gaussian"', "gaussian"),
        ("use_bias", "True", True),
        ("use_bias", "TRUE", True),
        ("use_bias", "1", True),
        ("use_bias", "false", False),
        ("use_bias", "0", False),
        ("use_bias", '"false"', False),
        ("use_bias", False, False),
        ("normalize", "auto", "auto"),
        ("normalize", "false", False),
        ("metrics", "auc", ("auc",)),
        ("metrics", "AUC, error@0.7", ("auc", "error@0.7")),
        ("metrics", ["auc", "rmse"], ("auc", "rmse")),
        ("metrics", '"auc,rmse"', ("auc", "rmse")),
        ("metrics", "['auc', 'rmse']", ("auc", "rmse")),
        ("signs", "(1, 0, -1)", (1, 0, -1)),
        ("signs", "(1,)", (1,)),
        ("signs", "1,0", (1, 0)),
        ("signs", [1, 0], (1, 0)),
        ("sets", "[[0, 1], [2,3,4]]", ((0, 1), (2, 3, 4))),
        ("sets", "((0, 1), (2,))", ((0, 1), (2,))),
        ("sets", " [ [0], [1] ] ", ((0,), (1,))),
        ("sets", "[0, 1], [2]", ((0, 1), (2,))),
    ],
)
def test_both_encodings_are_read(name, text, value):
    read = getattr(parse(**{name: text}), name)
    assert read == value
    assert type(read) is type(value)


def test_json_encoding_of_every_value_reads_the_same():
    plain = {
        "epochs": "3",
        "learning_rate": "0.1",
        "loss": "hinge_loss",
        "use_bias": "false",
        "kind": "classifier",
        "num_classes": "4",
    }
    encoded = {name: json.dumps(value) for name, value in plain.items()}
    assert Example.parse(plain) == Example.parse(encoded)


@pytest.mark.parametrize("declaration", Example.declared(), ids=lambda declaration: declaration.name)
def test_every_declared_rule_is_enforced(declaration):
    for text in invalid_values(declaration):
        lines = problems({"kind": "regressor", declaration.name: text})
        assert lines[0].startswith(f"{declaration.name}: expected {declaration.rule}, got {text!r}"), text
    for text in valid_edges(declaration):
        Example.parse({"kind": "regressor", "num_classes": "3", declaration.name: text})


def test_lists_are_parsed_and_never_evaluated():
    for text in ("[" * 100_000, "[" * 100_000 + "]" * 100_000, "__import__('os')", "[0 for _ in ()]", "(-1,0,{})"):
        assert problems({"kind": "regressor", "sets": text})
        assert problems({"kind": "regressor", "signs": text})


def test_a_word_of_a_list_that_is_nearly_right():
    (line,) = problems({"kind": "regressor", "metrics": "auc,rsme"})
    rule = "words separated by commas, each one of rmse, auc, error@t"
    assert line == f"metrics: expected {rule}, got 'auc,rsme' (did you mean 'rmse'?)"


def test_other_names():
    parsed = parse(reg_lambda="3")
    assert parsed["lambda"] == parsed.lambda_ == 3
    assert parsed == parse(**{"lambda": "3"})
    assert "lambda" in parsed.given and "reg_lambda" not in parsed.given
    assert problems({"kind": "regressor", "lambda": "1", "reg_lambda": "2"}) == [
        "reg_lambda: another name of lambda, which is given, too"
    ]
    assert problems({"kind": "regressor", "reg_lambda": "-1"}) == ["lambda: expected a number >= 0, got '-1'"]


def test_all_problems_are_listed_at_once():
    assert problems({"kind": "classifier", "epochs": "-1", "los": "logistic", "momentum": "1"}) == [
        "epochs: expected an integer >= 1, got '-1'",
        "momentum: expected a number >= 0 and < 1, got '1'",
        "los: unknown hyperparameter (did you mean 'loss'?)",
        "num_classes: required with kind=classifier",
    ]


def test_a_rule_between_fields_is_not_blamed_on_a_field_that_failed():
    assert problems({"kind": "classifier", "num_classes": "2"}) == [
        "num_classes: expected an integer >= 3 and <= 1000000, got '2'"
    ]


def test_a_required_one_that_is_missing():
    assert problems({}) == ["kind: required, expected one of regressor, classifier"]


def test_a_choice_that_is_nearly_right():
    assert problems({"kind": "regresor"}) == [
        "kind: expected one of regressor, classifier, got 'regresor' (did you mean 'regressor'?)"
    ]


def test_a_long_value_does_not_drown_the_message():
    (line,) = problems({"kind": "regressor", "epochs": "9" * 100_000})
    assert len(line) < 120


def test_internal_names_are_kept_as_text():
    parsed = parse(_tuning_objective_metric='"validation:loss"', _num_gpus=2)
    assert parsed.internal == {"_tuning_objective_metric": "validation:loss", "_num_gpus": "2"}
    assert set(parsed.model_dump()) == set(Example.model_fields)
    assert parse().internal == {}


def test_what_is_made_directly_is_validated_too():
    assert Example(kind="regressor", epochs=3).epochs == 3
    with pytest.raises(UserError, match="epochs: expected an integer >= 1, got 0"):
        Example(kind="regressor", epochs=0)


def test_hyperparameters_do_not_change():
    with pytest.raises(pydantic.ValidationError):
        parse().epochs = 3


def test_declarations_are_facts_in_order():
    declared = {declaration.name: declaration for declaration in Example.declared()}
    assert list(declared) == [name.removesuffix("_") for name in Example.model_fields]
    assert declared["kind"].required and declared["kind"].choices == ("regressor", "classifier")
    assert not declared["num_classes"].required and declared["num_classes"].default is None
    assert declared["num_classes"].applies == "kind=classifier"
    rate = declared["learning_rate"]
    assert (rate.type, rate.min, rate.exclusive_min, rate.auto, rate.tune) == ("float", 0, True, True, (1e-5, 1))
    assert (declared["momentum"].max, declared["momentum"].exclusive_max, declared["momentum"].auto) == (1, True, False)
    assert declared["weight"].rule == "a number > 0 or 'auto' or 'balanced'"
    assert declared["normalize"].rule == "true or false or 'auto'"
    assert declared["use_bias"].tune == (True, False)
    assert [declared[name].type for name in ("metrics", "signs", "sets")] == ["words", "integers", "groups"]
    assert declared["signs"].rule == "a list of integers >= -1 and <= 1, as in (0, 1)"
    assert declared["sets"].rule == "lists of integers >= 0, as in [[0, 1], [2, 3]]"
    assert declared["lambda"].aliases == ("reg_lambda",)


def test_a_field_must_be_declared_and_annotated():
    with pytest.raises(TypeError, match="epochs: make the field with a maker"):
        type("Bare", (Hyperparameters,), {"__annotations__": {"epochs": int}, "epochs": 3})
    with pytest.raises(TypeError, match="epochs: annotate it"):
        type("Two", (Hyperparameters,), {"__annotations__": {"epochs": int | str}, "epochs": number(default=1)})
    with pytest.raises(TypeError, match=r"epochs: a default of None needs `\| None`"):
        type("Null", (Hyperparameters,), {"__annotations__": {"epochs": int}, "epochs": number(default=None)})

"""Hyperparameters: every declared rule is enforced, in every spelling, and agrees with what AWS documents."""

import inspect
import json
from importlib.metadata import distribution
from pathlib import Path

from containers.algorithm import ENTRY_POINT_GROUP
from containers.errors import UserError
from containers.hyperparameters import Declaration
from local_mode.cli.catalogue import as_markdown
from tests.containers.invalid_values import invalid_values, valid_edges
from tests.contract.case import Case
from tests.contract.cases import CASES, each_algorithm, each_case
from tests.contract.facts import table

#: By type: a plain value in JSON, and the same in other spellings.
SPELLINGS = {
    "boolean": ("true", "True", "TRUE", "1", '"true"', '"True"'),
    "integer": ("10", "10.0", "1e1", "+10", '"10"'),
    "float": ("0.0005", "5E-4", "5e-4", ".0005", '"5E-4"'),
    "categorical": ('""',),
    "words": ('""',),
    "integers": ("[1, 0]", "(1, 0)", "(1,0,)", "1, 0", "[1,0]", '"[1, 0]"'),
    "groups": ("[[1, 2], [3]]", "((1, 2), (3,))", "[[1,2],[3]]", "[1, 2], [3]", '"[[1, 2], [3]]"'),
}
#: What the table calls the values of a boolean.
BOOLEANS = {"true", "false", "True", "False"}
#: What the table calls the types that are lists.
LISTS = {"list(comma-separated)": "words", "tuple of -1/0/1": "integers", "nested list of integers": "groups"}


def test_every_algorithm_has_a_case():
    ours = {entry.name for entry in distribution("drydock-ml").entry_points if entry.group == ENTRY_POINT_GROUP}
    assert {case.algorithm_name for case in CASES} == ours


def parse(case: Case, **values: str):
    return case.algorithm.Hyperparameters.parse({**case.hyperparameters, **values})


def problems(case: Case, **values: str) -> list[str]:
    """The lines of the refusal; none where there is no refusal."""
    try:
        parse(case, **values)
    except UserError as error:
        return str(error).splitlines()
    return []


def declared(case: Case) -> list[Declaration]:
    return case.algorithm.Hyperparameters.declared()


@each_algorithm
def test_every_rule_is_enforced(case):
    for declaration in declared(case):
        for value in invalid_values(declaration):
            found = problems(case, **{declaration.name: value})
            assert f"{declaration.name}: expected {declaration.rule}, got {value!r}" in "\n".join(found), (declaration, value)


@each_algorithm
def test_what_the_rules_allow_is_accepted(case):
    for declaration in declared(case):
        for value in valid_edges(declaration):
            # Beside other hyperparameters a value may be impossible; by itself it is not.
            found = [line for line in problems(case, **{declaration.name: value}) if line.startswith(f"{declaration.name}: ")]
            refusals = [line for line in found if "expected" in line and "got" in line]
            assert refusals == [], (declaration, value)


@each_algorithm
def test_all_problems_are_listed_at_once(case):
    bad = {declaration.name: invalid_values(declaration)[0] for declaration in declared(case)}
    found = problems(case, **bad, unheard_of="1", predicted="1")
    for name in [*bad, "unheard_of", "predicted"]:
        assert any(line.startswith(f"{name}: ") for line in found), name


@each_algorithm
def test_a_misspelt_name_is_answered_with_the_right_one(case):
    for declaration in declared(case):
        (problem,) = problems(case, **{declaration.name + declaration.name[-1]: "1"})
        assert problem.endswith(f": unknown hyperparameter (did you mean {declaration.name!r}?)")


@each_algorithm
def test_values_may_be_json_encoded(case):
    for declaration in declared(case):
        for value in valid_edges(declaration):
            if not problems(case, **{declaration.name: value}):
                assert parse(case, **{declaration.name: json.dumps(value)}) == parse(case, **{declaration.name: value})


@each_algorithm
def test_spellings_of_booleans_and_numbers(case):
    for declaration in declared(case):
        plain, *spellings = SPELLINGS[declaration.type]
        if not problems(case, **{declaration.name: plain}):
            value = parse(case, **{declaration.name: plain})[declaration.name]
            assert json.loads(json.dumps(value)) == json.loads(plain)
            for text in spellings:
                assert parse(case, **{declaration.name: text})[declaration.name] == value, (declaration, text)


@each_algorithm
def test_other_names_mean_the_same(case):
    for declaration in declared(case):
        for alias in declaration.aliases:
            (value, *_) = valid_edges(declaration)
            others = {name: text for name, text in case.hyperparameters.items() if name != declaration.name}
            one, other = (case.algorithm.Hyperparameters.parse({**others, name: value}) for name in (declaration.name, alias))
            assert one == other and one.given == other.given
            assert any(line.startswith(f"{alias}: ") for line in problems(case, **{alias: value, declaration.name: value}))


@each_algorithm
def test_defaults_obey_their_own_rules(case):
    for declaration in declared(case):
        if declaration.default is not None:
            assert declaration.read(declaration.default) == declaration.default


@each_algorithm
def test_tunable_ranges_are_allowed(case):
    for declaration in declared(case):
        for value in declaration.tune or ():
            assert declaration.read(str(value)) == value


@each_algorithm
def test_names_of_the_platform_are_accepted(case):
    internal = parse(case, _tuning_objective_metric='"x:y"', _kvstore="auto", _num_gpus="auto", _anything="").internal
    assert internal == {"_tuning_objective_metric": "x:y", "_kvstore": "auto", "_num_gpus": "auto", "_anything": ""}


def facts_of(declaration: Declaration) -> dict[str, object]:
    return {
        "type": declaration.type,
        "bounds": bounds(declaration.min, declaration.max, declaration.exclusive_min, declaration.exclusive_max),
        "choices": set(declaration.choices),
        "default": declaration.default,
        "required": declaration.required,
        "aliases": {*declaration.aliases},
        "tune": declaration.tune,
    }


def facts_in(row: dict, declaration: Declaration) -> dict[str, object]:
    """The same facts in a row of the table."""
    tunable = row["tunable"] or {}
    choices = set(row["choices"] or ())
    return {
        "type": "boolean" if choices and choices <= BOOLEANS else LISTS.get(row["type"], row["type"].partition("|")[0]),
        "bounds": bounds(row["min"], row["max"], row["exclusive_min"], row["exclusive_max"]),
        "choices": choices - BOOLEANS | ({"auto"} if row["auto_allowed"] else set()),
        "default": None if row["default"] is None else read(declaration, str(row["default"])),
        "required": row["required"] is True,
        "aliases": {*row.get("aliases", ())},
        "tune": tuple(map(declaration.read, tunable.get("values", [tunable["min"], tunable["max"]]))) if tunable else None,
    }


def read(declaration: Declaration, text: str) -> object:
    """A value of the table, as text where that is what it is, such as ``all cores``."""
    try:
        return declaration.read(text)
    except ValueError:
        return text


def bounds(low: float | None, high: float | None, exclusive_low: bool, exclusive_high: bool) -> str:
    return f"{'(' if exclusive_low else '['}{low}, {high}{')' if exclusive_high else ']'}"


@each_algorithm
def test_declarations_agree_with_what_aws_documents(case):
    rows = {row["name"]: row for row in table(f"hyperparameters/{case.facts}") if not row["name"].startswith("_")}
    ours = {declaration.name: declaration for declaration in declared(case)}
    assert list(ours) == list(rows), "the same hyperparameters in the same order"
    found = {}
    for name, row in rows.items():
        theirs, mine = facts_in(row, ours[name]), facts_of(ours[name])
        found |= {(name, fact): (theirs[fact], mine[fact]) for fact in theirs if theirs[fact] != mine[fact]}
    assert found == {place: (difference.theirs, difference.ours) for place, difference in case.differences.items()}


@each_algorithm
def test_what_the_platform_passes_by_the_table_is_accepted(case):
    internal = {row["name"]: str(row["default"]) for row in table(f"hyperparameters/{case.facts}") if row["name"][0] == "_"}
    assert parse(case, **internal).internal == internal


@each_case
def test_the_hyperparameters_of_the_case_are_enough(case):
    assert problems(case) == []
    assert problems(case, **case.endless) == []
    assert problems(case, **case.unhurried) == []


@each_algorithm
def test_the_table_in_the_readme_is_what_is_declared(case):
    readme = Path(inspect.getfile(type(case.algorithm))).with_name("README.md").read_text()
    assert as_markdown(declared(case)) in readme

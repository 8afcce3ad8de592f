"""For any declared hyperparameter, values that break its rule: what a contract test needs to see every rule enforced."""

import json
import math

from containers.hyperparameters import Declaration

#: Python literals and numbers of other alphabets are no values in either encoding.
NEVER_NUMBERS = ["", " ", "nan", "inf", "-inf", "1e999", "1_0", "0x10", "١", "1,5", "None", "[1]", "true", "twelve"]


def invalid_values(declaration: Declaration) -> list[str]:
    """Strings, as a job gives them, that the declaration does not allow."""
    if declaration.type == "categorical":
        return ["", "no such choice", f"{declaration.choices[0]}x"]
    if declaration.type == "boolean":
        return ["", "yes", "2", "truefalse", "None"]
    if declaration.type == "words":
        return ["", " ", ",", "no such word", f"{declaration.choices[0]},", f"{declaration.choices[0]},no such word", "[]", "@"]
    if declaration.type in ("integers", "groups"):
        bad = [
            "",
            "x",
            "[]",
            "()",
            "[[]]",
            "[1",
            "1 2",
            "[1.5]",
            "[true]",
            "[null]",
            '["1"]',
            "[[[1]]]",
            "{}",
            "__import__",
        ]
        bad += ["[[1], 2]", "[1, [2]]"]
        bad += [] if declaration.min is None else [f"[{int(declaration.min) - 1}]"]
        bad += [] if declaration.max is None else [f"[{int(declaration.max) + 1}]"]
        return bad
    values = [*NEVER_NUMBERS]
    step = 1 if declaration.type == "integer" else None
    if declaration.type == "integer":
        values += ["1.5", "1e-1"]
    if declaration.min is not None:
        low = declaration.min
        values.append(repr(low if declaration.exclusive_min else low - step if step else math.nextafter(low, -math.inf)))
    if declaration.max is not None:
        high = declaration.max
        values.append(repr(high if declaration.exclusive_max else high + step if step else math.nextafter(high, math.inf)))
    return values


def valid_edges(declaration: Declaration) -> list[str]:
    """Strings at the very border of what is allowed, every choice included."""
    values = [*declaration.choices]
    if declaration.type == "words":
        return [*values, ",".join(values), ", ".join(values), json.dumps(values), str(values), values[0].upper()]
    if declaration.type in ("integers", "groups"):
        low, high = (int(bound) if bound is not None else 7 for bound in (declaration.min, declaration.max))
        lists = [f"[{low}]", f"({low},)", f"({low}, {high})", f"{low},{high}"]
        return lists if declaration.type == "integers" else [*lists, f"[[{low}], [{low}, {high}]]", f"(({low},), ({high},))"]
    if declaration.type == "boolean":
        return [*values, "true", "False", "TRUE", "0", "1"]
    step = 1 if declaration.type == "integer" else None
    if declaration.min is not None:
        low = declaration.min
        values.append(repr(low if not declaration.exclusive_min else low + step if step else math.nextafter(low, math.inf)))
    if declaration.max is not None:
        high = declaration.max
        values.append(repr(high if not declaration.exclusive_max else high - step if step else math.nextafter(high, -math.inf)))
    return values

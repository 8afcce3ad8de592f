"""Linear Learner: points that a plane tells apart, or lie on one."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import orjson

import recordio
from containers.media import CSV, JSON, JSONLINES, RECORDIO
from tests.contract.case import BadInput, Case, Difference

#: Label and features; all are float32, of few binary digits, so that every format carries them exactly.
Point = tuple[float, tuple[float, ...]]
WIDTH = 4
CRITERIA = {"accuracy", "f_beta", "precision_at_target_recall", "recall_at_target_precision", "loss_function"}


class LinearLearnerCase(Case):
    """One predictor type."""

    algorithm_name = "linear-learner"
    facts = "linear_learner"
    endless: Mapping[str, str] = {"epochs": "1000000", "early_stopping_patience": "1000000"}
    unhurried: Mapping[str, str] = {"epochs": "60", "early_stopping_patience": "60", "num_models": "2"}
    progress = "train:progress"
    metric_fields: Mapping[str, object] = {"objective": "mse_objective", "beta": 1.0, "top_k": 3}
    model_files = frozenset({"model.json", "weights.safetensors"})
    differences: ClassVar = {
        ("force_dense", "default"): Difference(True, False, "what is given sparse is trained sparse: a million features fit"),
        ("num_classes", "bounds"): Difference(
            "[3, 1000000]", "[1, 1000000]", "ignored unless the predictor is multiclass, which asks for at least 3"
        ),
        ("optimizer", "choices"): Difference(
            {"auto", "sgd", "adam", "rmsprop"},
            {"auto", "sgd", "adam", "rmsprop", "adagrad"},
            "AWS's page on how it works names AdaGrad, its table of hyperparameters leaves it out",
        ),
        ("binary_classifier_model_selection_criteria", "choices"): Difference(
            CRITERIA, CRITERIA | {"f1", "cross_entropy_loss"}, "older names that the SDK lets through"
        ),
    }  # fmt: skip

    def __init__(self, predictor_type: str, quality: str, limit: float, **hyperparameters: str) -> None:
        self.name = predictor_type
        self.quality, self.limit = quality, limit
        self.objective = quality.replace("test:", "validation:")
        self.hyperparameters = {"predictor_type": predictor_type, "epochs": "5", **hyperparameters}
        points = _points(predictor_type, 600)
        self.examples = {"train": points[:400], "validation": points[400:500], "test": points[500:]}
        self.bad_inputs = {"binary_classifier": BAD_INPUTS, "multiclass_classifier": BAD_CLASSES}.get(predictor_type, ())
        self.bad_requests = BAD_REQUESTS

    def encode(self, examples: Sequence[Point], content_type: str) -> bytes:
        if content_type == RECORDIO:
            return _records([features for _, features in examples], [label for label, _ in examples])
        return "".join(f"{','.join(map(repr, (label, *features)))}\n" for label, features in examples).encode()

    def request(self, examples: Sequence[Point], content_type: str) -> bytes:
        rows = [features for _, features in examples]
        match content_type:
            case "application/x-recordio-protobuf":
                return _records(rows)
            case "application/json":
                return orjson.dumps({"instances": [{"features": row} for row in rows]})
            case "application/jsonlines":
                return b"".join(orjson.dumps({"features": row}, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        return "".join(f"{','.join(map(repr, row))}\n" for row in rows).encode()

    def answers(self, body: bytes, content_type: str) -> list[dict[str, list[float]]]:
        """Name to values, a number being a list of one; rounded to float32, which all formats carry exactly."""
        if content_type == RECORDIO:
            columns = recordio.decode(body).labels
            rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        elif content_type == JSON:
            rows = orjson.loads(body)["predictions"]
        else:
            rows = [orjson.loads(line) for line in body.splitlines()]
        return [{name: np.atleast_1d(np.float32(value)).tolist() for name, value in row.items()} for row in rows]

    def score(self, examples: Sequence[Point], answers: Sequence[dict[str, list[float]]]) -> float:
        labels = np.array([label for label, _ in examples])
        if self.name == "regressor":
            return float(np.mean((np.array([answer["score"][0] for answer in answers]) - labels) ** 2))
        return float(np.mean(np.array([answer["predicted_label"][0] for answer in answers]) == labels))

    def halves(self) -> tuple[list[Point], list[Point]]:
        points = sorted(self.examples["train"])  # by label: each half knows one class of two
        return points[: len(points) // 2], points[len(points) // 2 :]

    def check_tuned(self, log: str) -> None:
        assert set(re.findall(r'"model":(\d+)', log)) == {"0"}, "one model, whatever num_models says"


def _points(predictor_type: str, count: int) -> list[Point]:
    """Random points: with a gap between the classes, or with a label that is linear."""
    rng = np.random.default_rng(7)
    x = rng.integers(-64, 65, (4 * count, WIDTH)) / 32
    raw = x @ np.array([[1.0, -1.0, 0.0], [-2.0, 0.0, 1.0], [0.5, 1.0, -2.0], [0.0, 0.0, 0.0]])
    match predictor_type:
        case "binary_classifier":
            y, clear = raw[:, 0] > 0, np.abs(raw[:, 0]) > 0.5
        case "multiclass_classifier":
            ordered = np.sort(raw, axis=1)
            y, clear = raw.argmax(axis=1), ordered[:, 2] - ordered[:, 1] > 0.5
        case _:
            y, clear = raw[:, 0] + 10, np.full(len(x), True)
    return [(float(label), tuple(map(float, row))) for label, row in zip(y[clear], x[clear], strict=True)][:count]


def _records(rows: Sequence[Sequence[float]], labels: Sequence[float] | None = None) -> bytes:
    stream = io.BytesIO()
    recordio.write(stream, np.array(rows, np.float32), None if labels is None else np.array(labels, np.float32))
    return stream.getvalue()


def _csv(name: str, text: str, *says: str, **options: str) -> BadInput:
    return BadInput(name, says, CSV, {"points.csv": text.encode()}, **options)  # type: ignore[arg-type]


GOOD = "1,0.5,0.25\n0,-0.5,0.25\n"
RECORDS = _records([[1, 2], [3, 4], [5, 6]], [0, 1, 0])
LONG = GOOD * 34_999 + "1,0.5,0.25\n"

BAD_INPUTS = (
    _csv("a header row", f"label,age,height\n{GOOD}", "train/points.csv, line 1", "header row ('label', 'age'", "remove"),
    _csv("a text field", f"{GOOD}1,0.5,tall\n", "train/points.csv, line 3, column 3", "a finite number", "'tall'"),
    _csv("a missing label", f"{GOOD}\n,0.5,0.25\n", "train/points.csv, line 4, column 1", "a label, a whole number", "''"),
    _csv("a label of no class", f"{GOOD}2,0.5,0.25\n", "train/points.csv, line 3, column 1", "number from 0 to 1", "'2'"),
    _csv("NaN", f"{GOOD}1,nan,0.25\n", "train/points.csv, line 3, column 2", "a finite number", "'nan'"),
    _csv("no value", f"{GOOD}1,,0.25\n", "train/points.csv, line 3, column 2", "a finite number", "''"),
    _csv("an empty file", "\n", "channel 'train' holds no rows"),
    _csv("a row of another width", f"{LONG}0,1\n", "train/points.csv, line 70000", "3 columns (1 label, 2 features)", "got 2"),
    _csv("a row of another width in a pipe", f"{LONG}0,1\n", "train_0, line 70000", "3 columns", "got 2", input_mode="Pipe"),
    BadInput(
        "a row of another width in the midst of training", ("train_0, line 839989", "3 columns", "got 2"), CSV,
        {"points.csv": f"{LONG * 12}0,1\n".encode()}, input_mode="Pipe", environ={"DRYDOCK_CACHE_MB": "0"},
    ),
    BadInput(
        "a width that is not feature_dim", ("train/points.csv, line 1", "4 columns (1 label, 3 features)", "got 3"), CSV,
        {"points.csv": GOOD.encode()}, {"feature_dim": "3"},
    ),
    BadInput(
        "a truncated record", ("train/points: record 2 at byte 104", "ends after 47 of the 52 bytes"), RECORDIO,
        {"points": RECORDS[:-5]},
    ),
    BadInput(
        "CSV without a content type", ("train/points.csv: record 0 at byte 0", "magic number", "content type"), None,
        {"points.csv": GOOD.encode()},
    ),
    BadInput(
        "NaN in a record", ("train/points, record 1, feature 0", "a finite number", "nan"), RECORDIO,
        {"points": _records([[1, 2], [np.nan, 4]], [0, 1])},
    ),
    BadInput(
        "a label of no class in a record", ("train/points, record 1", "number from 0 to 1", "2.0"), RECORDIO,
        {"points": _records([[1, 2], [3, 4]], [0, 2])},
    ),
    BadInput("records without labels", ("train/points", "1 label", "none"), RECORDIO, {"points": _records([[1, 2]])}),
    BadInput(
        "hyperparameters", ("epochs: expected an integer >= 1, got '-1'", "los: unknown", "did you mean 'loss'"), CSV,
        hyperparameters={"epochs": "-1", "los": "logistic"},
    ),
)  # fmt: skip

BAD_CLASSES = (
    _csv("a class beyond num_classes", f"{GOOD}3,0.5,0.25\n", "train/points.csv, line 3, column 1", "from 0 to 2", "'3'"),
    BadInput("no num_classes", ("num_classes: ", "required", "from 3"), CSV, hyperparameters={"num_classes": None}),
)

BAD_REQUESTS = (
    (CSV, b"1,2,3,4\n1,2,3\n", ("line 2", "4", "3")),
    (CSV, b"1,2,3,tall\n", ("line 1, column 4", "'tall'")),
    (JSON, b'{"instances": [{"features": [1, 2, 3]}]}', ("instances[0].features", "4 features", "3")),
    (JSONLINES, b'{"features": [1, 2, 3, 4]}\n{"features": [1, 2, 3]}\n', ("line 2.features", "4 features", "3")),
    (RECORDIO, _records([[1, 2, 3]]), ("record 0", "4 features", "3")),
    (JSON, b"nonsense", ("not JSON",)),
    (RECORDIO, b"nonsense", ("record 0 at byte 0",)),
)

CASES = (
    LinearLearnerCase("binary_classifier", "test:binary_classification_accuracy", 0.99),
    LinearLearnerCase("multiclass_classifier", "test:multiclass_accuracy", 0.99, num_classes="3"),
    LinearLearnerCase("regressor", "test:mse", 0.01),
)

"""XGBoost: points that a plane tells apart, or lie on one."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import recordio
from containers.media import CSV, LIBSVM, PARQUET, RECORDIO
from tests.contract.case import BadInput, Case, Difference

#: Label and features; all are float32, of few binary digits, so that every format carries them exactly, and none is zero.
Point = tuple[float, tuple[float, ...]]
WIDTH = 4
ZERO = "AWS prints a range with 0, and the library accepts it"
OBJECTIVES = (
    "binary:logistic", "binary:logitraw", "binary:hinge", "count:poisson", "multi:softmax", "multi:softprob",
    "rank:pairwise", "rank:ndcg", "rank:map", "reg:linear", "reg:squarederror", "reg:logistic", "reg:gamma",
    "reg:pseudohubererror", "reg:squaredlogerror", "reg:absoluteerror", "reg:tweedie", "survival:aft", "survival:cox",
)  # fmt: skip
UPDATERS = ("grow_colmaker", "grow_histmaker", "sync", "refresh", "prune", "shotgun", "coord_descent")


class XGBoostCase(Case):
    """One objective."""

    algorithm_name = "xgboost"
    facts = "xgboost"
    endless: Mapping[str, str] = {"num_round": "1000000"}
    unhurried: Mapping[str, str] = {"num_round": "60"}
    model_files = frozenset({"xgboost-model", "drydock/importance.csv"})
    elsewhere = frozenset(
        f"{channel}:{metric}"
        for channel in ("train", "validation")
        for metric in ("aft-nloglik", "cox-nloglik", "interval-regression-accuracy")
    )
    differences: ClassVar = {
        ("base_score", "bounds"): Difference("[0, None]", "[None, None]", "a regression's may be negative"),
        ("base_score", "default"): Difference(0.5, None, "this xgboost estimates it"),
        ("colsample_bylevel", "bounds"): Difference("(0, 1]", "[0, 1]", ZERO),
        ("colsample_bynode", "bounds"): Difference("(0, 1]", "[0, 1]", ZERO),
        ("colsample_bytree", "bounds"): Difference("(0, 1]", "[0, 1]", ZERO),
        ("subsample", "bounds"): Difference("(0, 1]", "[0, 1]", ZERO),
        ("eta", "bounds"): Difference("[0, 1]", "[0, None]", "the library accepts any step"),
        ("eval_metric", "default"): Difference("per objective", None, "which means just that"),
        ("interaction_constraints", "bounds"): Difference("[1, None]", "[0, None]", "the first feature is number 0"),
        ("max_bin", "bounds"): Difference("[0, None]", "[2, None]", "the library refuses fewer"),
        ("monotone_constraints", "bounds"): Difference("[None, None]", "[-1, 1]", "what the table calls choices"),
        ("monotone_constraints", "choices"): Difference({-1, 0, 1}, set(), "what we call bounds"),
        ("monotone_constraints", "default"): Difference((0, 0), None, "no constraint, however many features"),
        ("nthread", "bounds"): Difference("[1, None]", "[-1, None]", "0 and -1 are the library's words for all cores"),
        ("nthread", "default"): Difference("all cores", None, "which means just that"),
        ("objective", "choices"): Difference(
            {*OBJECTIVES, "aft_loss_distribution"}, {*OBJECTIVES}, "a hyperparameter's name among objectives, by mistake"
        ),
        ("scale_pos_weight", "bounds"): Difference("(0, None]", "[0, None]", ZERO),
        ("seed", "bounds"): Difference("(-2147483648, 2147483647)", "[-2147483648, 2147483647]", "the ends are integers, too"),
        ("sketch_eps", "default"): Difference(0.03, None, "max_bin says it, unless this is given"),
        ("updater", "choices"): Difference(
            {*UPDATERS, "distcol", "grow_skmaker"}, {*UPDATERS, "grow_quantile_histmaker"}, "what this xgboost has"
        ),
        ("updater", "default"): Difference(("grow_colmaker", "prune"), None, "those of the tree method"),
        ("num_parallel_tree", "default"): Difference(None, 1, "the library's"),
        ("dsplit", "default"): Difference(None, "row", "the only one there is"),
        ("predictor", "default"): Difference(None, "auto", "the library's, when it had it"),
        ("sampling_method", "default"): Difference(None, "uniform", "the library's"),
        ("aft_loss_distribution", "default"): Difference(None, "normal", "the library's"),
        ("aft_loss_distribution_scale", "default"): Difference(None, 1.0, "the library's"),
        ("silent", "default"): Difference(0, None, "verbosity says it, unless this is given"),
    }  # fmt: skip

    def __init__(self, objective: str, quality: str, limit: float, metrics: str, **hyperparameters: str) -> None:
        self.name = objective.replace(":", "_")
        self.quality = self.objective = quality
        self.progress = quality.replace("validation:", "train:")
        self.limit = limit
        self.hyperparameters = {
            "objective": objective, "num_round": "30", "eta": "0.5", "eval_metric": f"{metrics},{quality.partition(':')[2]}",
            **hyperparameters,
        }  # fmt: skip
        points = _points(objective, 900)
        self.examples = {"train": points[:700], "validation": points[700:]}
        self.bad_inputs = BAD_INPUTS.get(objective, ())
        self.bad_requests = BAD_REQUESTS

    def encode(self, examples: Sequence[Point], content_type: str) -> bytes:
        rows, labels = [features for _, features in examples], [label for label, _ in examples]
        return _table(rows, content_type, labels)

    def request(self, examples: Sequence[Point], content_type: str) -> bytes:
        return _table([features for _, features in examples], content_type)

    def answers(self, body: bytes, content_type: str) -> list[float]:
        """The scores, rounded to float32, which all formats carry exactly."""
        match content_type:
            case "text/csv":
                scores = [float(line) for line in body.splitlines()]
            case "application/json":
                scores = [row["score"] for row in orjson.loads(body)["predictions"]]
            case "application/jsonlines":
                scores = [orjson.loads(line)["score"] for line in body.splitlines()]
            case _:
                scores = recordio.decode(body).labels["score"].ravel().tolist()
        return np.float32(scores).tolist()

    def score(self, examples: Sequence[Point], answers: Sequence[float]) -> float:
        labels, scores = np.array([label for label, _ in examples]), np.array(answers)
        match self.quality:
            case "validation:rmse":
                return float(np.sqrt(np.mean((scores - labels) ** 2)))
            case "validation:error":
                return float(np.mean((scores > 0.5) != labels))
        return float(np.mean(scores != labels))

    def halves(self) -> tuple[list[Point], list[Point]]:
        points = sorted(self.examples["train"])  # by label: each half knows one class of two
        return points[: len(points) // 2], points[len(points) // 2 :]


def _points(objective: str, count: int) -> list[Point]:
    """Random points: with a gap between the classes, or with a label that is linear, and positive."""
    rng = np.random.default_rng(7)
    x = (2 * rng.integers(-32, 32, (8 * count, WIDTH)) + 1) / 32
    raw = x @ np.array([[1.0, -1.0, 0.0], [-2.0, 0.0, 1.0], [0.5, 1.0, -2.0], [0.0, 0.0, 0.0]])
    if objective.startswith("binary:"):
        y, clear = raw[:, 0] > 0, np.abs(raw[:, 0]) > 1
    elif objective.startswith("multi:"):
        ordered = np.sort(raw, axis=1)
        y, clear = raw.argmax(axis=1), ordered[:, 2] - ordered[:, 1] > 1
    else:
        y, clear = raw[:, 0] + 16, np.full(len(x), True)
    return [(float(label), tuple(map(float, row))) for label, row in zip(y[clear], x[clear], strict=True)][:count]


def _table(rows: Sequence[Sequence[float]], content_type: str, labels: Sequence[float] | None = None) -> bytes:
    stream = io.BytesIO()
    match content_type:
        case "text/csv":
            table = rows if labels is None else [(label, *row) for label, row in zip(labels, rows, strict=True)]
            return "".join(f"{','.join(map(repr, row))}\n" for row in table).encode()
        case "text/libsvm":
            lines = [" ".join(f"{index}:{value!r}" for index, value in enumerate(row)) for row in rows]
            if labels is not None:
                lines = [f"{label!r} {line}" for label, line in zip(labels, lines, strict=True)]
            return "".join(f"{line}\n" for line in lines).encode()
        case "application/x-parquet":
            columns = np.array(rows) if labels is None else np.column_stack([labels, rows])
            pq.write_table(pa.table({f"c{index}": column for index, column in enumerate(columns.T)}), stream)
        case _:
            recordio.write(stream, np.array(rows, np.float32), None if labels is None else np.array(labels, np.float32))
    return stream.getvalue()


def _csv(name: str, text: str, *says: str, **options: str) -> BadInput:
    return BadInput(name, says, CSV, {"points.csv": text.encode()}, **options)  # type: ignore[arg-type]


def _libsvm(name: str, text: str, *says: str) -> BadInput:
    return BadInput(name, says, LIBSVM, {"points.svm": text.encode()})


GOOD = "1,0.5,0.25\n0,-0.5,0.25\n"

BAD_INPUTS = {
    "binary:logistic": (
        _csv("a header row", f"label,age,height\n{GOOD}", "train/points.csv, line 1", "header row ('label', 'age'"),
        _csv("a text field", f"{GOOD}1,0.5,tall\n", "train/points.csv, line 3, column 3", "a finite number", "'tall'"),
        _csv("a row of another width", f"{GOOD}0,1\n", "train/points.csv, line 3", "3 columns (1 label, 2 features)", "got 2"),
        _csv("a file of one column", "1\n0\n", "train/points.csv, line 1", "got 1 column"),
        _csv("an empty file", "\n", "channel 'train' holds no rows"),
        _csv("libsvm sent as CSV", "1 0:0.5 1:0.25\n", "train/points.csv, line 1", "looks like libsvm", "text/libsvm"),
        _libsvm("CSV sent as libsvm", GOOD, "train/points.svm, line 1", "looks like CSV", "text/csv"),
        BadInput("CSV without a content type", ("train/points, line 1", "looks like CSV"), None, {"points": GOOD.encode()}),
        _csv("a label of no class", f"{GOOD}2,0.5,0.25\n", "train/points.csv, line 3", "2"),
        BadInput(
            "files of different widths", ("train/b.csv, line 1", "3 columns", "got 4"), CSV,
            {"a.csv": GOOD.encode(), "b.csv": b"1,2,3,4\n"},
        ),
        BadInput("a truncated record", ("train/points: record 2 at byte 104", "ends after 47 of the 52 bytes"), RECORDIO,
                 {"points": _table([[1, 2], [3, 4], [5, 6]], RECORDIO, [0, 1, 0])[:-5]}),
        BadInput("an objective that is none", ("objective: expected one of", "'binary:logistik'"), CSV,
                 hyperparameters={"objective": "binary:logistik"}),
        BadInput("a metric that is none", ("eval_metric: ", "'rmse,rmsee'", "did you mean 'rmse'"), CSV,
                 hyperparameters={"eval_metric": "rmse,rmsee"}),
    ),
    "multi:softmax": (
        _csv("a class beyond num_class", f"{GOOD}3,0.5,0.25\n", "train/points.csv, line 3", "0 to 2", "3"),
        BadInput("no num_class", ("num_class: required",), CSV, hyperparameters={"num_class": None}),
    ),
    "reg:squarederror": (
        BadInput("a label that has no logarithm", ("train/points.csv, line 2, column 1", "a number above -1", "'-2'"), CSV,
                 {"points.csv": b"1,0.5,0.25\n-2,0.5,0.25\n"}, {"objective": "reg:squaredlogerror"}),
    ),
}  # fmt: skip

BAD_REQUESTS = (
    (CSV, b"1,2,3,4\n1,2,3\n", ("line 2", "4", "3")),
    (CSV, b"1,2,3,tall\n", ("line 1, column 4", "'tall'")),
    (CSV, b"1 0:1 1:2\n", ("looks like libsvm", "text/libsvm")),
    (LIBSVM, b"1,2,3,4\n", ("looks like CSV", "text/csv")),
    (LIBSVM, b"1 7:1\n", ("line 1", "index from 0 to 3", "7:1")),
    (RECORDIO, _table([[1, 2, 3]], RECORDIO), ("record 0", "4 features", "3")),
    (RECORDIO, b"nonsense", ("record 0 at byte 0",)),
    (PARQUET, b"nonsense", ("Parquet",)),
)

CASES = (
    XGBoostCase(
        "binary:logistic", "validation:error", 0.03,
        "accuracy,auc,aucpr,balanced_accuracy,f1,f1_binary,f1_macro,precision,recall,precision_macro,precision_micro,"
        "recall_macro,recall_micro,logloss,map,ndcg,mae",
    ),
    XGBoostCase("multi:softmax", "validation:merror", 0.06, "mlogloss,accuracy", num_class="3"),
    XGBoostCase(
        "reg:squarederror", "validation:rmse", 0.7,
        "mae,mape,mse,mphe,r2,rmsle,gamma-deviance,gamma-nloglik,poisson-nloglik,tweedie-nloglik",
    ),
)  # fmt: skip

"""XGBoost's notebooks: features that tell the label, as libsvm or CSV."""

import json
from pathlib import Path

import numpy as np

from tests.acceptance.notebooks import Prepared, Run

ROWS, WIDTH = 400, 8
PRETRAINED = {"objective": "reg:squarederror", "num_round": "5"}


def prepare(run: Run, directory: Path) -> Prepared:
    given = dict(run.hyperparameters or PRETRAINED)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, WIDTH))
    label = features @ rng.normal(size=WIDTH)
    if given["objective"].startswith("binary:"):
        label = label > 0
    libsvm = run.content_type is None or "libsvm" in run.content_type
    content = as_libsvm(label, features) if libsvm else as_csv(np.column_stack([label, features]))
    channels = {name: directory / name for name in run.channels or ("train",)}
    if "_tuning_objective_metric" in given:
        channels["validation"] = directory / "validation"
    for path in channels.values():
        path.mkdir()
        (path / "data").write_text(content)
    return Prepared(channels, given, body(run, label, features), lambda answer: check(answer, run))


def body(run: Run, label: np.ndarray, features: np.ndarray) -> bytes | None:
    """Up to 100 rows, as the notebooks send; the request's type where it names one, CSV otherwise."""
    if run.request is None:
        return None
    if "libsvm" in run.request.get("content_type", "text/csv"):
        return as_libsvm(label[:100], features[:100]).encode()
    return as_csv(features[:100]).encode()


def check(answer: bytes, run: Run) -> None:
    if run.accept == "application/json":
        values = [prediction["score"] for prediction in json.loads(answer)["predictions"]]
    else:
        assert answer.endswith(b"\n"), "batches are glued together"
        values = [float(line) for line in answer.splitlines()]
    assert len(values) == 100
    assert np.isfinite(values).all()


def as_csv(rows: np.ndarray) -> str:
    return "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in rows)


def as_libsvm(label: np.ndarray, features: np.ndarray) -> str:
    return "".join(
        f"{target:.6g} {' '.join(f'{index}:{value:.6g}' for index, value in enumerate(row, 1))}\n"
        for target, row in zip(label, features, strict=True)
    )

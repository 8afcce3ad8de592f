"""Linear Learner's notebooks: features that tell the label."""

import json
from pathlib import Path

import numpy as np

import recordio
from containers.media import CSV, JSON, JSONLINES, RECORDIO
from tests.acceptance.notebooks import Prepared, Run

ROWS, WIDTH = 400, 12
#: Words in the place of a value: what the SDK works out of the data.
BY_THE_SDK = {"feature_dim": WIDTH, "mini_batch_size": ROWS}
PRETRAINED = {"predictor_type": "binary_classifier"}


def prepare(run: Run, directory: Path) -> Prepared:
    given = {name: BY_THE_SDK[name] if " " in value else value for name, value in (run.hyperparameters or PRETRAINED).items()}
    features, labels = invent(given)

    def check(answer: bytes) -> None:
        predictions = read(answer, run.accept or JSON)
        assert len(predictions) == len(features)
        for field in ("predicted_label", "score"):
            if field in run.response_fields:
                assert np.isfinite([prediction[field] for prediction in predictions]).all()

    return Prepared(
        {name: write(directory / name, features, labels, run.content_type) for name in run.channels or ("train",)},
        given | {"epochs": 1},
        None if run.request is None else body(run, features),
        check,
    )


def invent(hyperparameters: dict[str, object]) -> tuple[np.ndarray, np.ndarray]:
    """Features, shape: (rows, width), and labels that they tell, in the range of the predictor type."""
    width = int(hyperparameters.get("feature_dim", WIDTH))
    rng = np.random.default_rng(0)
    features = rng.normal(size=(ROWS, width)).astype(np.float32)
    label = features @ rng.normal(size=width)
    classes = {"regressor": 0, "binary_classifier": 2}.get(hyperparameters["predictor_type"])
    if classes is None:
        classes = int(hyperparameters["num_classes"])
    if classes:
        label = np.argsort(np.argsort(label)) * classes // ROWS
    return features, label.astype(np.float32)


def write(directory: Path, features: np.ndarray, labels: np.ndarray, content_type: str | None) -> Path:
    """A channel of one file, called as the SDK calls what it writes, or as a batch transform does."""
    directory.mkdir()
    if content_type == CSV:
        np.savetxt(directory / "train.csv.out", np.column_stack([labels, features]), "%.7g", ",")
    else:
        recordio.write(directory / "matrix_0.pbr", features, labels)
    return directory


def body(run: Run, features: np.ndarray) -> bytes:
    """All rows in one request; what the notebook's instances have beside their features is kept."""
    match run.request["content_type"]:
        case "text/csv":
            return "\n".join(",".join(f"{value:.7g}" for value in row) for row in features).encode()
        case "application/x-recordio-protobuf":
            return recordio.encode(features)
        case "application/jsonlines":
            return "\n".join(json.dumps({"features": row}) for row in features.tolist()).encode()
        case "application/json":
            (instance,) = run.request["body"]["instances"]
            return json.dumps({"instances": [instance | {"features": row} for row in features.tolist()]}).encode()
        case other:
            raise AssertionError(f"no test knows how to write {other}")


def read(answer: bytes, accept: str) -> list[dict[str, object]]:
    """The predictions, a dictionary each."""
    if accept == JSON:
        return json.loads(answer)["predictions"]
    if accept == JSONLINES:
        return [json.loads(line) for line in answer.splitlines()]
    assert accept == RECORDIO
    columns = recordio.decode(answer).labels
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

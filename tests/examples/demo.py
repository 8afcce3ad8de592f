"""``make demo``: Linear Learner on real data, from the file to the answers, on this machine.

Scikit-learn's breast-cancer data (569 tumours, 30 measurements each, malignant or benign) are written as RecordIO-protobuf,
streamed through pipes into a training job, and the model is served; the rows held out are sent in four formats.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import local_mode
import recordio

FOLDER = Path(".drydock/demo")
HYPERPARAMETERS = {"predictor_type": "binary_classifier"}
#: Rows for training and for validation; the rest is held out.
TRAIN, VALIDATION = 341, 114


def main(folder: Path = FOLDER) -> int:
    """Run the demo; the exit code is 1 if the formats disagree."""
    with timed("write the data as RecordIO-protobuf"):
        rows, labels = write_channels(folder)
    with timed("train 32 models in Pipe mode, keep the best"):
        result = local_mode.train(
            "linear-learner",
            {"train": folder / "train", "validation": folder / "validation"},
            HYPERPARAMETERS,
            folder / "output",
            input_mode="Pipe",
        )
    with timed("start the server"):
        endpoint = local_mode.serve(result.model_archive)
    with endpoint, timed(f"send {len(rows)} held-out rows in {len(requests(rows))} formats"):
        answers = {name: predictions(endpoint, name, body) for name, body in requests(rows).items()}
    first = answers["text/csv"]
    same = all(answer == first for answer in answers.values())
    accuracy = np.mean([prediction["predicted_label"] == label for prediction, label in zip(first, labels, strict=True)])
    print(f"\nheld-out accuracy       {accuracy:.4f}")
    print(f"formats agree           {'yes' if same else 'NO'}: {', '.join(answers)}")
    print(f"report                  {result.report}")
    return 0 if same else 1


def write_channels(folder: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Write the train and validation channels; return features, shape: (rows, 30), and labels of the rows held out."""
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    order = np.random.default_rng(0).permutation(len(data.data))
    rows, labels = data.data[order].astype(np.float32), data.target[order].astype(np.float32)
    for name, part in {"train": slice(TRAIN), "validation": slice(TRAIN, TRAIN + VALIDATION)}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        recordio.write(folder / name / f"{name}.pbr", rows[part], labels[part])
    return rows[TRAIN + VALIDATION :], labels[TRAIN + VALIDATION :]


def requests(rows: NDArray[np.float32]) -> dict[str, bytes]:
    """The rows as request bodies, by content type."""
    values = rows.tolist()
    return {
        "text/csv": "\n".join(",".join(map(repr, row)) for row in values).encode(),
        "application/json": json.dumps({"instances": [{"features": row} for row in values]}).encode(),
        "application/jsonlines": "\n".join(json.dumps({"features": row}) for row in values).encode(),
        "application/x-recordio-protobuf": recordio.encode(rows),
    }


def predictions(endpoint: local_mode.Endpoint, content_type: str, body: bytes) -> list[dict[str, float]]:
    """A score and a label for each row."""
    answer: list[dict[str, float]] = json.loads(endpoint.invoke(body, content_type, "application/json"))["predictions"]
    return answer


@contextmanager
def timed(step: str) -> Iterator[None]:
    """Print a step and how long it took."""
    print(f"{step:<55}", end="", flush=True)
    start = time.perf_counter()
    yield
    print(f"{time.perf_counter() - start:6.2f} s")


if __name__ == "__main__":
    sys.exit(main())

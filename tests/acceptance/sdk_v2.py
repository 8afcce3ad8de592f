"""What a notebook does with the SageMaker SDK v2, here in local mode: ``python sdk_v2.py IMAGE INSTANCES FORMAT ROWS``.

Trains on the CSV files of the directory ROWS, as they are or, where FORMAT is ``recordio``, as the SDK writes them; then asks
an endpoint and batch transforms for the rows' labels. All is written into the working directory, the labels to answers.json.
"""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from sagemaker.amazon.common import RecordDeserializer, RecordSerializer, write_numpy_to_dense_tensor
from sagemaker.deserializers import JSONDeserializer, JSONLinesDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.local import LocalSession
from sagemaker.serializers import CSVSerializer, JSONLinesSerializer, JSONSerializer

HERE = Path.cwd()
Labels = list[float]


def main(image: str, instances: str, form: str, rows: str) -> None:
    session = LocalSession(boto3.Session())
    session.config = {"local": {"local_code": True, "container_root": str(HERE), "serving_port": free_port()}}
    estimator = Estimator(
        image_uri=image,
        role="arn:aws:iam::111122223333:role/nobody",
        instance_type="local",
        instance_count=int(instances),
        output_path=f"file://{HERE}/artifacts",
        sagemaker_session=session,
        hyperparameters={"predictor_type": "binary_classifier", "epochs": 5, "num_models": 4, "normalize_data": True},
    )
    content = {path.name: np.loadtxt(path, np.float32, delimiter=",") for path in sorted(Path(rows).iterdir())}
    estimator.fit(recordio(content) if form == "recordio" else csv(rows))
    features = np.concatenate(list(content.values()))[:, 1:]
    answers = dict(real_time(estimator, features)) | dict(batch(estimator, features))
    Path("answers.json").write_text(json.dumps(answers))


def csv(rows: str) -> dict[str, TrainingInput]:
    channel = TrainingInput(f"file://{rows}", content_type="text/csv")
    return {"train": channel, "validation": channel}


def recordio(content: dict[str, np.ndarray]) -> dict[str, str]:
    """No content type is given, as notebooks that write this format give none."""
    directory = HERE / "recordio"
    directory.mkdir()
    for name, rows in content.items():
        with (directory / f"{name}.pbr").open("wb") as file:
            write_numpy_to_dense_tensor(file, rows[:, 1:], rows[:, 0])
    return {"train": f"file://{directory}"}


def real_time(estimator: Estimator, features: np.ndarray) -> Iterator[tuple[str, Labels]]:
    """What an endpoint answers in each format."""
    predictor = estimator.deploy(
        initial_instance_count=1, instance_type="local", serializer=CSVSerializer(), deserializer=JSONDeserializer()
    )
    try:
        yield "csv", [found["predicted_label"] for found in predictor.predict(features)["predictions"]]
        predictor.serializer, predictor.deserializer = JSONSerializer(), JSONDeserializer()
        instances = [{"features": row} for row in features.tolist()]
        yield "json", [found["predicted_label"] for found in predictor.predict({"instances": instances})["predictions"]]
        predictor.serializer, predictor.deserializer = JSONLinesSerializer(), JSONLinesDeserializer()
        yield "jsonlines", [found["predicted_label"] for found in predictor.predict(instances)]
        predictor.serializer, predictor.deserializer = RecordSerializer(), RecordDeserializer()
        yield "recordio", [only(record.label["predicted_label"]) for record in predictor.predict(features)]
    finally:
        predictor.delete_endpoint()


def batch(estimator: Estimator, features: np.ndarray) -> Iterator[tuple[str, Labels]]:
    """What batch transforms answer.

    Why a strategy has to be named, the README of the containers says. Logs are off, as the SDK would ask CloudWatch for them.
    """
    for strategy, rows in ("MultiRecord", features), ("SingleRecord", features[:10]):  # the SDK takes its time for a request
        name, output = f"{strategy}.csv", HERE / strategy
        np.savetxt(name, rows, "%.9g", ",")
        transformer = estimator.transformer(
            instance_count=1,
            instance_type="local",
            strategy=strategy,
            accept="application/jsonlines",
            assemble_with="Line",
            output_path=f"file://{output}",
        )
        transformer.transform(f"file://{HERE}/{name}", content_type="text/csv", split_type="Line", logs=False)
        lines = (output / f"{name}.out").read_text().splitlines()
        yield strategy, [json.loads(line)["predicted_label"] for line in lines if line]


def only(tensor: Any) -> float:
    (value,) = tensor.float32_tensor.values
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main(*sys.argv[1:])

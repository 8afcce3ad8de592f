"""What a notebook does with the SageMaker SDK v2, here in local mode: ``python sdk_v2.py PLAN``.

PLAN is a JSON file that `test_sdk_v2` writes. Trains, then asks an endpoint and batch transforms. All is written into the
working directory: the answers into ``answers/``, a file each, as they came.
"""

import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from sagemaker.amazon.common import RecordDeserializer, RecordSerializer, write_numpy_to_dense_tensor
from sagemaker.base_deserializers import BaseDeserializer
from sagemaker.deserializers import CSVDeserializer, JSONDeserializer, JSONLinesDeserializer
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.local import LocalSession
from sagemaker.serializers import CSVSerializer, DataSerializer, JSONLinesSerializer, JSONSerializer, LibSVMSerializer

HERE = Path.cwd()
ANSWERS = HERE / "answers"
#: By media type: the SDK's serializer, and what it is given for the body of a request.
REQUESTS: dict[str, Any] = {
    "text/csv": (CSVSerializer(), bytes.decode),
    "text/libsvm": (LibSVMSerializer(content_type="text/libsvm"), bytes.decode),
    "application/json": (JSONSerializer(), json.loads),
    "application/jsonlines": (JSONLinesSerializer(), lambda body: [json.loads(line) for line in body.splitlines()]),
    "application/x-recordio-protobuf": (RecordSerializer(), None),
    "application/x-parquet": (DataSerializer(content_type="application/x-parquet"), bytes),
    "text/plain": (CSVSerializer(content_type="text/plain"), bytes.decode),
}
RESPONSES: dict[str, Any] = {
    "text/csv": CSVDeserializer(),
    "application/json": JSONDeserializer(),
    "application/jsonlines": JSONLinesDeserializer(),
    "application/x-recordio-protobuf": RecordDeserializer(),
}


def main(plan: dict[str, Any]) -> None:
    ANSWERS.mkdir()
    session = LocalSession(boto3.Session())
    session.config = {"local": {"local_code": True, "container_root": str(HERE), "serving_port": free_port()}}
    estimator = Estimator(
        image_uri=plan["image"],
        role="arn:aws:iam::111122223333:role/nobody",
        instance_type="local",
        instance_count=plan["instances"],
        output_path=f"file://{HERE}/artifacts",
        sagemaker_session=session,
        hyperparameters=plan["hyperparameters"],
    )
    estimator.fit({name: channel(name, **given) for name, given in plan["channels"].items()})
    real_time(estimator, plan)
    batch(estimator, plan)


def channel(name: str, directory: str, content_type: str | None, arrays: bool) -> TrainingInput:
    """A channel of files, or of arrays that the SDK writes: then no content type is given, as notebooks give none."""
    if not arrays:
        return TrainingInput(f"file://{directory}", content_type=content_type)
    written = HERE / "recordio" / name
    written.mkdir(parents=True)
    for path in sorted(Path(directory).glob("*.npy")):
        rows = np.load(path)
        with (written / f"{path.stem}.pbr").open("wb") as file:
            write_numpy_to_dense_tensor(file, rows[:, 1:], rows[:, 0])
    return TrainingInput(f"file://{written}", content_type=content_type)


class Kept(BaseDeserializer):
    """The SDK's deserializer of a media type, which has to understand the answer; the answer itself is kept."""

    ACCEPT: tuple[str, ...] = ()

    def __init__(self, media: str) -> None:
        self.ACCEPT = (media,)

    def deserialize(self, stream: Any, content_type: str) -> bytes:
        body = stream.read()
        assert content_type == self.ACCEPT[0], content_type
        assert len(RESPONSES[content_type].deserialize(io.BytesIO(body), content_type))
        return body


def real_time(estimator: Estimator, plan: dict[str, Any]) -> None:
    """What an endpoint answers."""
    predictor = estimator.deploy(initial_instance_count=1, instance_type="local")
    try:
        for ask in plan["asks"]:
            predictor.serializer, prepare = REQUESTS[ask["content_type"]]
            predictor.deserializer = Kept(ask["accept"])
            path = Path(ask["body"])
            answer = predictor.predict(np.load(path) if prepare is None else prepare(path.read_bytes()))
            (ANSWERS / ask["name"]).write_bytes(answer)
    finally:
        predictor.delete_endpoint()


def batch(estimator: Estimator, plan: dict[str, Any]) -> None:
    """What batch transforms answer, line by line.

    Why a strategy has to be named, the README of the containers says. Logs are off, as the SDK would ask CloudWatch for them.
    """
    transform = plan["transform"]
    for strategy in "MultiRecord", "SingleRecord":
        transformer = estimator.transformer(
            instance_count=1,
            instance_type="local",
            strategy=strategy,
            accept=transform["accept"],
            assemble_with="Line",
            output_path=f"file://{HERE}/{strategy}",
        )
        data = transform[strategy]
        transformer.transform(f"file://{data}", content_type=transform["content_type"], split_type="Line", logs=False)
        (ANSWERS / strategy).write_bytes((HERE / strategy / f"{Path(data).name}.out").read_bytes())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))

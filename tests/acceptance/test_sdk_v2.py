"""The images under version 2 of the SageMaker SDK."""

import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import recordio
from containers.media import JSONLINES, RECORDIO
from tests.acceptance import sdk
from tests.acceptance.container import write
from tests.acceptance.learned import answers, formats

REQUIREMENTS = ["sagemaker[local]>=2.257,<3"]
#: Requests of a batch transform that sends row by row; the SDK takes its time for each.
FEW = 10


@pytest.mark.parametrize("instances", [1, pytest.param(2, marks=pytest.mark.brief)])
def test_fit_deploy_predict_and_transform(image, case, model, tmp_path, instances):
    accepts, returns = formats(case, model)
    # every format in, and every format out; a case's answers are the same in all
    asks = [*itertools.product(accepts[:1], returns), *itertools.product(accepts[1:], returns[:1])]
    lines = JSONLINES if JSONLINES in accepts else accepts[0]
    transform = {
        "content_type": lines,
        "accept": JSONLINES if JSONLINES in returns else returns[0],
        "MultiRecord": body(case, lines, tmp_path / "many"),
        "SingleRecord": body(case, lines, tmp_path / "few", FEW),
    }
    plan = {
        "image": image,
        "instances": instances,
        "hyperparameters": dict(case.hyperparameters),
        "channels": channels(case, tmp_path / "data", arrays=instances > 1 and RECORDIO in case.content_types),
        "asks": [
            {"name": f"{number}", "content_type": content_type, "accept": accept,
             "body": body(case, content_type, tmp_path / f"body-{number}")}
            for number, (content_type, accept) in enumerate(asks)
        ],
        "transform": transform,
    }  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    log = sdk.run(REQUIREMENTS, "sdk_v2.py", "plan.json", directory=tmp_path)
    assert all(f"algo-{number}-" in log for number in range(1, instances + 1))
    found = [case.answers((tmp_path / "answers" / str(n)).read_bytes(), accept) for n, (_, accept) in enumerate(asks)]
    assert [ask for ask, answer in zip(asks, found, strict=True) if answer != found[0]] == []
    assert case.is_good(case.score(case.unseen, found[0]))
    if instances == 1:
        assert found[0] == answers(case, model), "trained on the same files by the image alone"
    for strategy, count in (("MultiRecord", None), ("SingleRecord", FEW)):
        answer = (tmp_path / "answers" / strategy).read_bytes().replace(b"\n\n", b"\n")
        assert case.answers(answer, transform["accept"]) == found[0][:count]


def channels(case, directory: Path, arrays: bool) -> dict[str, dict]:
    """The case's channels as files or as arrays, label first; by name, as `sdk_v2.py` takes them."""
    given = {}
    for name, path in write(case, directory).items():
        if arrays:
            batch = recordio.decode(case.encode(case.examples[name], RECORDIO))
            np.save(path / "rows.npy", np.column_stack([batch.labels["values"], batch.features["values"]]))
        media = RECORDIO if arrays and case.content_types[0] != RECORDIO else None if arrays else case.content_types[-1]
        given[name] = {"directory": str(path), "content_type": media, "arrays": arrays}
    return given


def body(case, content_type: str, path: Path, count: int | None = None) -> str:
    """Write the body of a request for the unseen examples; as an array where the SDK has to make its records of one."""
    content = case.request(case.unseen[:count], content_type)
    if content_type == RECORDIO:
        stream = io.BytesIO()
        np.save(stream, recordio.decode(content).features["values"])
        content = stream.getvalue()
    path.write_bytes(content)
    return str(path)

"""The images under version 3 of the SageMaker SDK."""

import json
import tarfile

import pytest

from tests.acceptance import sdk
from tests.acceptance.container import write
from tests.acceptance.learned import learned

REQUIREMENTS = ["sagemaker>=3.27,<4"]


@pytest.mark.parametrize("instances", [pytest.param(1, marks=pytest.mark.brief), 2])
def test_train(image, case, tmp_path, instances):
    plan = {
        "image": image,
        "instances": instances,
        "hyperparameters": dict(case.hyperparameters),
        "channels": {name: str(path) for name, path in write(case, tmp_path / "data").items()},
        "content_type": case.content_types[-1],
    }
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    sdk.run(REQUIREMENTS, "sdk_v3.py", "plan.json", directory=tmp_path)
    with tarfile.open(tmp_path / "compressed_artifacts" / "model.tar.gz") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert learned(case, tmp_path / "unpacked")

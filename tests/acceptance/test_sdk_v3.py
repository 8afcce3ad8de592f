"""The image under version 3 of the SageMaker SDK."""

import tarfile

import pytest

from tests.acceptance import sdk
from tests.acceptance.learned import learned

REQUIREMENTS = ["sagemaker>=3.27,<4"]


@pytest.mark.parametrize("instances", [1, 2])
def test_train(image, csv, rows, tmp_path, instances):
    sdk.run(REQUIREMENTS, "sdk_v3.py", image, str(instances), str(csv), directory=tmp_path)
    with tarfile.open(tmp_path / "compressed_artifacts" / "model.tar.gz") as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    assert learned(tmp_path / "unpacked", rows)

"""The image under version 2 of the SageMaker SDK."""

import json

import numpy as np
import pytest

from tests.acceptance import sdk

REQUIREMENTS = ["sagemaker[local]>=2.257,<3"]


@pytest.mark.parametrize(("instances", "form"), [(1, "csv"), (2, "recordio")])
def test_fit_deploy_predict_and_transform(image, csv, rows, tmp_path, instances, form):
    log = sdk.run(REQUIREMENTS, "sdk_v2.py", image, str(instances), form, str(csv), directory=tmp_path)
    assert all(f"algo-{number}-" in log for number in range(1, instances + 1))
    answers = json.loads((tmp_path / "answers.json").read_text())
    whole = [answers[name] for name in ("csv", "json", "jsonlines", "recordio", "MultiRecord")]
    assert all(labels == whole[0] for labels in whole)
    assert np.mean(whole[0] == rows[:, 0]) > 0.95
    assert answers["SingleRecord"] == whole[0][:10]

"""A request the whole way: the type of the answer is that of the question, as AWS has it."""

import json
import shutil

import pytest

from algorithms.blazingtext import algorithm
from containers.serving.app import ONLY, create_app
from containers.serving.registry import Registry
from containers.settings import ServeSettings
from tests.algorithms.blazingtext.golden import HERE

JSON, JSONLINES = "application/json", "application/jsonlines"


@pytest.fixture
def client(tmp_path):
    shutil.copy(HERE / "softmax.bin", tmp_path / "model.bin")
    settings = ServeSettings()
    models = Registry(algorithm, settings)
    models.load(ONLY, tmp_path)
    return create_app(models, settings).test_client()


@pytest.mark.parametrize("accept", [None, "*/*", JSON, JSONLINES, "text/csv"])
@pytest.mark.parametrize(("content_type", "body"), [(JSON, '{"instances": ["ship"]}'), (JSONLINES, '{"source": "ship"}')])
def test_json_is_answered_in_kind_whatever_is_accepted(client, accept, content_type, body):
    headers = {"Accept": accept} if accept else {}
    response = client.post("/invocations", data=body, content_type=content_type, headers=headers)
    assert (response.status_code, response.content_type) == (200, content_type)
    answer = json.loads(response.data)
    (only,) = answer if content_type == JSON else [answer]
    assert only["label"] == ["__label__sea"]


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/csv"])
def test_text_is_answered_in_what_is_accepted(client, content_type):
    for accept, expected in ((None, JSON), (JSONLINES, JSONLINES), (JSON, JSON)):
        headers = {"Accept": accept} if accept else {}
        response = client.post("/invocations", data="ship\nmoon", content_type=content_type, headers=headers)
        assert (response.status_code, response.content_type) == (200, expected)
    refused = client.post("/invocations", data="ship", content_type=content_type, headers={"Accept": "image/png"})
    assert refused.status_code == 406


def test_what_is_no_request_is_the_clients_fault(client):
    response = client.post("/invocations", data="[1]", content_type=JSON)
    assert response.status_code == 400
    assert b"instances[0]: expected a string, got 1" in response.data

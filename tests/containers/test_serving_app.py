import json
import re

import numpy as np
import pytest

import recordio
from containers.serving.app import ONLY, create_app
from containers.serving.registry import Registry
from containers.settings import ServeSettings
from tests.containers.served import drydock_served
from tests.containers.serving import write_model

LIMIT = 1024 * 1024


@pytest.fixture
def models(tmp_path):
    settings = ServeSettings.read({"SAGEMAKER_MAX_PAYLOAD_IN_MB": "1"}, tmp_path)
    return Registry(drydock_served.algorithm, settings), settings


@pytest.fixture
def client(models, tmp_path):
    registry, settings = models
    registry.load(ONLY, write_model(tmp_path / "model", 1, 0.5))
    return create_app(registry, settings).test_client()


def post(client, body, content_type="text/csv", **headers):
    return client.post("/invocations", data=body, content_type=content_type, headers=headers)


def test_ping_is_200_only_when_the_model_is_loaded(models, client):
    assert (client.get("/ping").status_code, client.get("/ping").data) == (200, b"")
    empty = create_app(Registry(drydock_served.algorithm, models[1]), models[1]).test_client()
    assert (empty.get("/ping").status_code, empty.get("/ping").data) == (503, b"")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "1,2\n-4,2\n"),
        ("text/csv; charset=utf-8", "1,2\n-4,2\n"),
        ("TEXT/CSV;label_size=1", "9,1,2\n9,-4,2\n"),
        ("application/json", '{"instances": [{"features": [1, 2]}, {"data": {"features": {"values": [-4, 2]}}}]}'),
        ("application/jsonlines", '{"features": [1, 2]}\n{"features": [-4, 2], "label": 3}'),
    ],
)
def test_every_format_gets_the_same_answer(client, content_type, body):
    response = post(client, body, content_type, **{"X-Amzn-SageMaker-Custom-Attributes": "trace=7"})

    assert response.status_code == 200
    assert response.content_type == "application/json"
    assert response.data == b'{"predictions":[{"score":2.0,"predicted_label":1},{"score":-3.0,"predicted_label":0}]}'


def test_the_accept_header_decides_on_the_answer(client):
    response = post(client, "1,2", Accept="application/json;q=0.5, application/jsonlines")

    assert response.content_type == "application/jsonlines"
    assert response.data == b'{"score":2.0,"predicted_label":1}\n'


def test_a_request_without_a_content_type_is_taken_for_the_first_that_is_accepted(client):
    response = client.post("/invocations", data=recordio.encode(np.array([[1.0, 2.0]])))

    assert response.get_json() == {"predictions": [{"score": 2.0, "predicted_label": 1}]}


@pytest.mark.parametrize(
    ("body", "content_type", "accept", "status", "text"),
    [
        ("1,x", "text/csv", "*/*", 400, "request, line 1, column 2: expected a finite number, got 'x'"),
        ("1,2\n1,2,3", "text/csv", "*/*", 400, "request, line 2: expected 2 columns, got 3 columns"),
        ("", "text/csv", "*/*", 400, "request: expected at least one row, got none"),
        (
            "1,2",
            "image/png",
            "*/*",
            415,
            "content type 'image/png' is not read; expected application/x-recordio-protobuf, text/csv, application/json, "
            "application/jsonlines",
        ),
        (
            "1,2",
            "text/csv",
            "text/html",
            406,
            "none of 'text/html' is written; expected application/json, application/jsonlines, application/x-recordio-protobuf",
        ),
        ("1" * (LIMIT + 1), "text/csv", "*/*", 413, f"request: expected a body of at most {LIMIT} bytes"),
        (f"{drydock_served.MEMORY},1", "text/csv", "*/*", 507, "out of memory"),
    ],
)
def test_refusals_say_what_was_expected(client, body, content_type, accept, status, text):
    response = post(client, body, content_type, Accept=accept)

    assert (response.status_code, response.text) == (status, text)
    assert response.content_type == "text/plain; charset=utf-8"


def test_a_body_of_exactly_the_limit_is_read(client):
    assert post(client, "\n" * (LIMIT - 3) + "1,2").status_code == 200


def test_a_bug_is_a_500_with_an_id_and_its_trace_stays_in_the_log(client, caplog):
    response = post(client, f"{drydock_served.BUG},1")

    assert response.status_code == 500
    (ticket,) = re.findall(r"^internal error ([0-9a-f]{32}); the log has the details$", response.text)
    (record,) = caplog.records
    assert ticket in record.getMessage()
    assert "a secret of the house" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/nope", 404), ("post", "/invocations/", 404), ("get", "/models", 404)],
)
def test_other_routes(client, method, path, status):
    assert getattr(client, method)(path).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        *((method, "/invocations", {"POST"}) for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")),
        ("POST", "/ping", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_a_method_that_a_route_does_not_know(client, method, path, allowed):
    response = client.open(path, method=method)

    assert response.status_code == 405
    assert set(response.allow) == allowed
    assert response.content_type == "text/plain; charset=utf-8"
    assert response.text == ("" if method == "HEAD" else f"Method Not Allowed: {path}")


def test_nothing_claims_to_be_html(client):
    for response in (client.get("/ping"), client.open("/ping", method="OPTIONS"), client.get("/nope")):
        assert response.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize("name", ["text/csv", "application/json", "application/jsonlines"])
def test_text_in_another_charset_is_refused(client, name):
    response = post(client, "1,2".encode("utf-16"), f'{name}; charset="UTF-16"')

    assert (response.status_code, response.text) == (415, "charset 'UTF-16' is not read; expected utf-8 or us-ascii")


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", "US-ASCII"])
def test_charsets_that_are_read(client, charset):
    assert post(client, "1,2", f"text/csv; charset={charset}").status_code == 200


def test_a_charset_says_nothing_of_bytes(client):
    body = recordio.encode(np.array([[1.0, 2.0]]))

    assert post(client, body, "application/x-recordio-protobuf; charset=ISO-8859-1").status_code == 200


@pytest.mark.parametrize(
    ("environ", "answer"),
    [
        ({"MODEL_SERVER_WORKERS": "2"}, {"MaxConcurrentTransforms": 8, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}),
        (
            {
                "SAGEMAKER_BATCH": "True",
                "SAGEMAKER_BATCH_STRATEGY": "SINGLE_RECORD",
                "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "3",
                "SAGEMAKER_MAX_PAYLOAD_IN_MB": "20",
            },
            {"MaxConcurrentTransforms": 3, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 20},
        ),
    ],
)
def test_execution_parameters(environ, answer, tmp_path):
    settings = ServeSettings.read(environ, tmp_path)
    app = create_app(Registry(drydock_served.algorithm, settings), settings)

    assert json.loads(app.test_client().get("/execution-parameters").data) == answer

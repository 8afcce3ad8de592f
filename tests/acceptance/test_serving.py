"""The image as a server: of one model, of several, on any port."""

import json
import shutil
import time

import pytest

from tests.acceptance.container import docker, running
from tests.acceptance.learned import accuracy, as_csv

PUBLISHED = ("--publish", "127.0.0.1::8080")


@pytest.fixture
def mounted(model):
    """The options that give a server its model, and let it be reached."""
    return *PUBLISHED, "--volume", f"{model}:/opt/ml/model:ro"


def test_serve(image, mounted, rows):
    with running(image, "serve", options=(*mounted, "--health-interval", "1s")) as container:
        container.wait_for_ping()
        status, answer = container.request("POST", "/invocations", as_csv(rows), "text/csv")
        assert status == 200
        assert accuracy(answer, rows) > 0.95
        status, answer = container.request("POST", "/invocations", b"1,x", "text/csv")
        assert (status, b"column 2" in answer) == (400, True), answer
        container.wait_for_health()
        start = time.monotonic()
        docker("stop", "--time", "30", container.name)
        assert time.monotonic() - start < 25
        assert container.wait() == 0


def test_serve_on_the_port_that_the_platform_names(image, model):
    options = ("--env", "SAGEMAKER_BIND_TO_PORT=9999", "--publish", "127.0.0.1::9999", "--health-interval", "1s")
    with running(image, "serve", options=(*options, "--volume", f"{model}:/opt/ml/model:ro")) as container:
        container.wait_for_ping()
        container.wait_for_health()


def test_a_server_without_a_model_says_so(image):
    with running(image, "serve") as container:
        assert container.wait() == 1
        assert "there is no model in /opt/ml/model" in container.log


def test_a_training_stays_healthy(image, make_job):
    """Nobody answers `/ping` there, and a platform would replace what it takes for dead."""
    options = ("--health-interval", "1s", "--health-start-period", "0s", "--health-retries", "1")
    with running(image, "train", options=(*make_job("Pipe").mounted(), *options)) as container:  # it waits for its data
        container.wait_for_health()


def test_several_models(image, model, rows, tmp_path):
    names = [f"model-{number}" for number in range(10)]
    for name in names:
        shutil.copytree(model, tmp_path / name)
    other = tmp_path / names[-1] / "model.json"
    other.write_text(json.dumps(json.loads(other.read_text()) | {"threshold": 0.0}))  # it finds everything positive
    options = (*PUBLISHED, "--env", "SAGEMAKER_MULTI_MODEL=true", "--volume", f"{tmp_path}:/opt/ml/models:ro")
    tmp_path.chmod(0o755)
    with running(image, "serve", options=options) as container:
        container.wait_for_ping()

        def ask(method: str, path: str, **body: str):
            status, answer = container.request(method, path, json.dumps(body).encode() if body else None)
            return status, json.loads(answer)

        def score(name: str) -> float:
            status, answer = container.request("POST", f"/models/{name}/invoke", as_csv(rows), "text/csv")
            assert status == 200, answer
            return accuracy(answer, rows)

        for name in names:
            assert ask("POST", "/models", model_name=name, url=f"/opt/ml/models/{name}")[0] == 200
        assert [found["modelName"] for found in ask("GET", "/models")[1]["models"]] == sorted(names)
        assert min(score(name) for name in names[:-1]) > 0.95
        assert score(names[-1]) < 0.6, "two models have been mixed"
        assert ask("POST", "/models", model_name=names[0], url=f"/opt/ml/models/{names[0]}")[0] == 409
        for name in names:
            assert ask("DELETE", f"/models/{name}")[0] == 200
        assert ask("GET", "/models") == (200, {"models": []})
        assert ask("GET", f"/models/{names[0]}")[0] == 404

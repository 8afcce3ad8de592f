"""An image as a server: of one model, of several, on any port, beside another."""

import itertools
import json
import shutil
import time
from contextlib import ExitStack

import pytest

from tests.acceptance.container import docker, running
from tests.acceptance.learned import answers, formats
from tests.contract.cases import FIRST

PUBLISHED = ("--publish", "127.0.0.1::8080")


def mounted(model):
    """The option that gives a server its model."""
    return "--volume", f"{model}:/opt/ml/model:ro"


def ask(container, case, model, path="/invocations"):
    """What the server answers to the unseen examples."""
    accepts, returns = formats(case, model)
    status, body = container.request("POST", path, case.request(case.unseen, accepts[0]), accepts[0])
    assert status == 200, body
    return case.answers(body, returns[0])


@pytest.mark.brief
def test_serve(image, case, model):
    options = (*PUBLISHED, *mounted(model), "--health-interval", "1s")
    with running(image, "serve", options=options) as container:
        container.wait_for_ping()
        assert ask(container, case, model) == answers(case, model)
        for content_type, body, says in case.bad_requests:
            status, answer = container.request("POST", "/invocations", body, content_type)
            assert (status, [words for words in says if words not in answer.decode()]) == (400, []), answer
        container.wait_for_health()
        start = time.monotonic()
        docker("stop", "--time", "30", container.name)
        assert time.monotonic() - start < 25
        assert container.wait() == 0


def test_serve_on_the_port_that_the_platform_names(image, model):
    options = ("--env", "SAGEMAKER_BIND_TO_PORT=9999", "--publish", "127.0.0.1::9999", "--health-interval", "1s")
    with running(image, "serve", options=(*options, *mounted(model))) as container:
        container.wait_for_ping()
        container.wait_for_health()


@pytest.mark.brief
def test_two_algorithms_side_by_side(build, trained):
    """As the containers of one pod, which share their network: each listens on the port that it is given."""
    ports, containers = (9001, 9002), []
    with ExitStack() as stack:
        for case, port in zip(FIRST[:2], ports, strict=True):
            network = ("--network", f"container:{containers[0].name}") if containers else ()
            options = ("--env", f"SAGEMAKER_BIND_TO_PORT={port}", *network, *mounted(trained(case)))
            containers.append(stack.enter_context(running(build(case.algorithm_name), "serve", options=options)))
        for container, port in itertools.product(containers, ports):
            container.wait_until(lambda container=container, port=port: container.reaches(port))


def test_a_server_without_a_model_says_so(image):
    with running(image, "serve") as container:
        assert container.wait() == 1
        assert "there is no model in /opt/ml/model" in container.log


def test_a_training_stays_healthy(image, case, make_job):
    """Nobody answers `/ping` there, and a platform would replace what it takes for dead."""
    options = ("--health-interval", "1s", "--health-start-period", "0s", "--health-retries", "1")
    with running(image, "train", options=(*make_job(**case.endless).mounted(), *options)) as container:
        container.wait_for_health()


@pytest.mark.only(lambda case: not case.algorithm.multi_model)
def test_what_serves_one_model_refuses_to_serve_several(image):
    with running(image, "serve", options=("--env", "SAGEMAKER_MULTI_MODEL=true")) as container:
        assert container.wait() == 1
        assert "serves one model a container" in container.log


@pytest.mark.only(lambda case: case.algorithm.multi_model)
def test_several_models(image, case, siblings, tmp_path):
    names = {}
    for number in range(10):
        other = list(siblings)[number % len(siblings)]
        names[f"model-{number}"] = other
        shutil.copytree(siblings[other], tmp_path / f"model-{number}")
    options = (*PUBLISHED, "--env", "SAGEMAKER_MULTI_MODEL=true", "--volume", f"{tmp_path}:/opt/ml/models:ro")
    tmp_path.chmod(0o755)
    with running(image, "serve", options=options) as container:
        container.wait_for_ping()

        def manage(method: str, path: str, **body: str):
            status, answer = container.request(method, path, json.dumps(body).encode() if body else None)
            return status, json.loads(answer)

        for name in names:
            assert manage("POST", "/models", model_name=name, url=f"/opt/ml/models/{name}")[0] == 200
        assert [found["modelName"] for found in manage("GET", "/models")[1]["models"]] == sorted(names)
        for name, other in names.items():
            assert ask(container, other, siblings[other], f"/models/{name}/invoke") == answers(other, siblings[other])
        assert manage("POST", "/models", model_name="model-0", url="/opt/ml/models/model-0")[0] == 409
        for name in names:
            assert manage("DELETE", f"/models/{name}")[0] == 200
        assert manage("GET", "/models") == (200, {"models": []})
        assert manage("GET", "/models/model-0")[0] == 404

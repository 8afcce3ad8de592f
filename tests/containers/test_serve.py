"""`serve` as real processes over real sockets."""

import json
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import recordio
from tests.containers.served import drydock_served
from tests.containers.serving import Server, wait_until, write_model

pytestmark = pytest.mark.slow

TWO_WORKERS = {"MODEL_SERVER_WORKERS": "2", "DRYDOCK_THREADS": "4"}


@pytest.fixture
def serve(tmp_path):
    """Starts servers on `tmp_path`, and ends them."""
    servers = []

    def start(**options):
        servers.append(Server(tmp_path, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_four_formats_give_the_same_scores(serve, tmp_path):
    weights = np.random.default_rng(0).normal(size=30)
    table = np.random.default_rng(1).normal(size=(20, 30)).astype(np.float32)
    write_model(tmp_path / "model", *weights)
    server = serve(environ=TWO_WORKERS).ready()

    bodies = {
        "text/csv": "\n".join(",".join(map(str, row)) for row in table.tolist()),
        "application/json": json.dumps({"instances": [{"features": row} for row in table.tolist()]}),
        "application/jsonlines": "\n".join(json.dumps({"features": row}) for row in table.tolist()),
        "application/x-recordio-protobuf": recordio.encode(table),
    }
    answers = {server.send("POST", "/invocations", body, Content_Type=name) for name, body in bodies.items()}

    ((status, answer),) = answers
    assert status == 200
    scores = [row["score"] for row in json.loads(answer)["predictions"]]
    assert np.allclose(scores, table @ weights, rtol=1e-4, atol=1e-5)
    wait_until(lambda: len(server.workers) == 2)  # gunicorn starts one after the other
    assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished_before_the_server_stops(serve, tmp_path, number):
    model = write_model(tmp_path / "model", 1, 1)
    server = serve(environ=TWO_WORKERS).ready()
    wait_until(lambda: len(server.workers) == 2)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(server.csv, f"{drydock_served.GATE},5")
        wait_until((model / "begun").exists)
        os.killpg(server.process.pid, number) if number == signal.SIGINT else server.process.send_signal(number)
        wait_until(lambda: len(server.workers) == 1)  # the idle worker has heard and gone
        (model / "gate").touch()

        assert answer.result(timeout=20) == (200, b'{"predictions":[{"score":2.0,"predicted_label":1}]}')
    assert server.process.wait(20) == 0  # at once, that is, and not at the end of the grace


def test_a_model_that_cannot_be_loaded_ends_the_server_with_the_reason(serve, tmp_path):
    (write_model(tmp_path / "model") / "weights.json").write_text("{")
    server = serve(environ={"MODEL_SERVER_WORKERS": "6"})  # which fail at the same time

    assert server.process.wait(30) == 3
    assert "ClientError: the model cannot be loaded: weights.json: " in server.log.read_text()
    assert "Traceback" not in server.log.read_text()


def test_a_bug_in_loading_ends_the_server_with_the_trace(serve, tmp_path):
    (write_model(tmp_path / "model") / "weights.json").write_text("{}")
    server = serve()

    assert server.process.wait(30) == 3
    assert "KeyError: 'list'" in server.log.read_text()


@pytest.mark.parametrize(
    ("algorithm", "environ", "text"),
    [
        ("served", {}, "ClientError: there is no model in "),
        ("serve", {}, "ClientError: unknown algorithm 'serve' (did you mean 'served'?)"),
        ("served", {"MODEL_SERVER_WORKERS": "none"}, "ClientError: environment variable MODEL_SERVER_WORKERS: "),
        ("solitary", {"SAGEMAKER_MULTI_MODEL": "true"}, "ClientError: SAGEMAKER_MULTI_MODEL: solitary serves one model"),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(serve, algorithm, environ, text):
    server = serve(algorithm=algorithm, environ=environ)

    assert server.process.wait(30) == 1
    assert text in server.log.read_text()


def test_a_worker_that_dies_is_replaced(serve, tmp_path):
    write_model(tmp_path / "model", 1, 1)
    server = serve(environ={"MODEL_SERVER_WORKERS": "1"}).ready()
    (worker,) = server.workers

    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: server.workers not in ([], [worker]))

    assert server.ready().csv("1,2")[0] == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_a_413(serve, tmp_path, chunked):
    write_model(tmp_path / "model", 1, 1)
    server = serve(environ={"SAGEMAKER_MAX_PAYLOAD_IN_MB": "1"}).ready()
    body = b"1,2\n" * 300_000

    status, answer = server.send("POST", "/invocations", iter([body]) if chunked else body, Content_Type="text/csv")

    assert (status, answer) == (413, b"request: expected a body of at most 1048576 bytes")
    assert server.csv("1,2")[0] == 200


def test_a_body_that_ends_early_is_not_taken_for_a_shorter_one(serve, tmp_path):
    write_model(tmp_path / "model", 1, 1)
    server = serve().ready()

    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 5\r\n\r\n1,2")
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"request: the body ends after 3 of 5 bytes")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"Content-Length: 5\r\n\r\n1,", b"HTTP/1.1 408 "),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\n1,", b"HTTP/1.1 408 "),
        (b"Content-Le", b""),
    ],
)
def test_clients_that_stop_in_the_middle_of_a_request_keep_no_thread(serve, tmp_path, request_, answer):
    write_model(tmp_path / "model", 1, 1)
    server = serve(environ={"MODEL_SERVER_WORKERS": "1", "DRYDOCK_THREADS": "2", "DRYDOCK_READ_SECONDS": "1"}).ready()

    with ExitStack() as stack:
        stopped = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 20)) for _ in range(4)]
        for connection in stopped:
            connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n" + request_)
        assert server.send("GET", "/ping")[0] == 200
        for connection in stopped:
            whole = b"".join(iter(lambda: connection.recv(4096), b""))  # noqa: B023 called at once
            assert whole.startswith(answer)
            assert whole.endswith(b"request: the rest of the body did not come within DRYDOCK_READ_SECONDS" if answer else b"")
    assert server.csv("1,2")[0] == 200
    assert "Traceback" not in server.log.read_text()


def test_many_requests_on_one_connection(serve, tmp_path):
    write_model(tmp_path / "model", 1, 1)
    server = serve(environ=TWO_WORKERS).ready()
    connection = server.connect()

    for index in range(50):
        body = "1,x" if index % 10 == 9 else f"{index},1"
        connection.request("POST", "/invocations", body, {"Content-Type": "text/csv"})
        response = connection.getresponse()
        answer = response.read()
        assert response.status == (400 if index % 10 == 9 else 200)
        assert index % 10 == 9 or json.loads(answer)["predictions"][0]["score"] == index + 1
    connection.close()


def test_dense_requests_load_no_heavy_library_and_log_no_line(serve, tmp_path):
    write_model(tmp_path / "model", 1, 1)
    server = serve(environ={"MODEL_SERVER_WORKERS": "1"}).ready()
    before = server.log.read_text()
    assert server.csv("1,2")[0] == 200
    assert server.send("POST", "/invocations", '{"instances":[{"features":[1,2]}]}', Content_Type="application/json")[0] == 200

    (worker,) = server.workers
    libraries = Path(f"/proc/{worker}/maps").read_text()
    assert "/numpy/" in libraries
    heavy = ("scipy", "pyarrow", "sklearn", "matplotlib", "tensorflow", "pydantic_core")
    assert [name for name in heavy if f"/{name}/" in libraries] == []
    assert server.log.read_text() == before


def test_under_load_and_churn_no_model_answers_for_another(serve, tmp_path):
    names = ("left", "right")
    for name, weight in zip(names, (1, 1000), strict=True):
        write_model(tmp_path / "models" / name, weight, weight)
    write_model(tmp_path / "models" / "churn", 7, 7)
    server = serve(environ={"SAGEMAKER_MULTI_MODEL": "true", **TWO_WORKERS}).ready()
    assert len(server.workers) == 1

    def load(name):
        return server.send("POST", "/models", json.dumps({"model_name": name, "url": f"/opt/ml/models/{name}"}))[0]

    assert [load(name) for name in names] == [200, 200]
    done = threading.Event()

    def churn():
        statuses = set()
        while not done.is_set():
            statuses |= {load("churn"), server.send("DELETE", "/models/churn")[0]}
        return statuses

    def ask(offset):
        connection = server.connect()
        for number in range(200):
            which = (number + offset) % 2
            connection.request("POST", f"/models/{names[which]}/invoke", f"{number},1", {"Content-Type": "text/csv"})
            score = json.loads(connection.getresponse().read())["predictions"][0]["score"]
            assert score == (number + 1) * (1, 1000)[which]
        connection.close()

    with ThreadPoolExecutor(7) as pool:
        churning = pool.submit(churn)
        try:
            list(pool.map(ask, range(6)))
        finally:
            done.set()
        assert churning.result() == {200}

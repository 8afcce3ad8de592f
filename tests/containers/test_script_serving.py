"""Serving scripts over real HTTP: every combination of functions, and what a script may get wrong."""

import itertools
import json
import os
import signal

import pytest

from tests.containers.scripts import archive
from tests.containers.serving import Server, wait_until
from tests.containers.test_script_training import wheel

pytestmark = pytest.mark.slow

FUNCTIONS = {
    "model_fn": "def model_fn(model_dir):\n    return 3.0\n",
    "input_fn": "def input_fn(body, content_type):\n    return [float(body) + 0.5]\n",
    "predict_fn": "def predict_fn(data, model):\n    return [number * model + 1 for number in data]\n",
    "output_fn": "def output_fn(prediction, accept):\n    return f'{accept}: {prediction[0]}', 'text/mine'\n",
}


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Starts a server of the algorithm `scripted` for a script, and ends it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    servers = []
    (tmp_path / "model" / "code").mkdir(parents=True)
    (tmp_path / "model" / "factor").write_text("2")

    def start(script, name="inference.py", **environ):
        (tmp_path / "model" / "code" / name).write_text(script)
        variables = {"SAGEMAKER_PROGRAM": name, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code", "MODEL_SERVER_WORKERS": "1"}
        servers.append(Server(tmp_path, algorithm="scripted", environ=variables | environ))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("given", [set(names) for count in range(5) for names in itertools.combinations(FUNCTIONS, count)])
def test_what_a_script_leaves_out_is_the_frameworks(serve, given):
    server = serve("".join(FUNCTIONS[name] for name in FUNCTIONS if name in given)).ready()
    model = 3.0 if "model_fn" in given else 2.0
    number = 4.5 if "input_fn" in given else 4.0
    value = model * number + ("predict_fn" in given)
    expected = f"text/csv: {value}".encode() if "output_fn" in given else json.dumps([value]).encode()
    assert server.send("POST", "/invocations", "4", Content_Type="text/csv", Accept="text/csv") == (200, expected)


def test_transform_fn_does_it_all(serve):
    script = FUNCTIONS["model_fn"] + "def transform_fn(model, body, content_type, accept):\n"
    script += "    return repr((model, body, content_type, accept)).encode(), 'text/plain'\n"
    server = serve(script, SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT="text/csv").ready()
    for type_, body in [
        ("text/csv", "4"),
        ("application/json; charset=utf-8", "4"),
        ("application/x-npy", b"4"),
        ("x/y", b"4"),
    ]:
        answer = server.send("POST", "/invocations", body, Content_Type=type_, Accept="*/*")
        assert answer == (200, repr((3.0, body, type_, "text/csv")).encode())
    headers = {"Content_Type": "x/y", "Accept": "a/b;q=1, text/csv"}
    assert server.send("POST", "/invocations", "4", **headers) == (200, repr((3.0, b"4", "x/y", "a/b;q=1, text/csv")).encode())


@pytest.mark.parametrize(
    ("result", "accept", "content_type", "body"),
    [
        ("b'bytes'", "text/csv", "text/csv", b"bytes"),
        ("bytearray(b'more')", "text/csv; q=0.5, a/b", "text/csv", b"more"),
        ("'text ä'", "x/y", "x/y", "text ä".encode()),
        ("('text', 'a/b')", "x/y", "a/b", b"text"),
        ("flask.Response('r', mimetype='a/b')", "x/y", "a/b", b"r"),
    ],
)
def test_what_output_fn_may_return(serve, result, accept, content_type, body):
    server = serve(f"import flask\ndef output_fn(prediction, accept):\n    return {result}\n").ready()
    connection = server.connect()
    connection.request("POST", "/invocations", "1", {"Content-Type": "text/csv", "Accept": accept})
    response = connection.getresponse()
    assert (response.status, response.getheader("Content-Type"), response.read()) == (200, content_type, body)
    connection.close()


def test_errors_of_a_request(serve):
    script = """
import werkzeug.exceptions
def predict_fn(data, model):
    if data == [1]: raise KeyError("a secret of the house")
    if data == [2]: raise werkzeug.exceptions.UnsupportedMediaType()
    return data
def output_fn(prediction, accept):
    return prediction
"""
    server = serve(script).ready()
    status, body = server.csv("1")
    assert (status, b"secret" in body, b"internal error" in body) == (500, False, True)
    assert "a secret of the house" in server.log.read_text()
    assert server.csv("2")[0] == 415
    assert server.csv("3")[0] == 500
    assert "expected bytes, text, (either, media type) or a response, got list" in server.log.read_text()
    assert server.send("POST", "/invocations", b"\xff", Content_Type="text/csv")[0] == 400
    assert server.send("POST", "/invocations", b"1", Content_Type="x/y") == (400, b"not read: x/y")
    assert server.send("GET", "/ping") == (200, b"")


@pytest.mark.parametrize(
    ("script", "name", "code", "reason"),
    [
        ("1 +", "inference.py", 3, "inference.py: SyntaxError: invalid syntax"),
        ("def model_fn(model_dir):\n    raise KeyError('w')", "inference.py", 3, "inference.py: KeyError: 'w'"),
        (
            "def transform_fn(*a): ...\ndef input_fn(*a): ...",
            "inference.py",
            3,
            "takes the place of input_fn; define it or them",
        ),
        ("", "json.py", 3, "there is a module 'json' already; give the script another name"),
        ("", "inference.sh", 3, "expected a Python file to serve with, got 'inference.sh'"),
    ],
)
def test_a_script_that_cannot_serve_ends_the_server_with_the_reason(serve, script, name, code, reason):
    server = serve(script, name)
    assert server.process.wait(30) == code
    assert "ClientError: the model cannot be loaded: " in server.log.read_text()
    assert reason in server.log.read_text()


def test_a_script_that_is_not_there(serve, tmp_path):
    server = serve("", SAGEMAKER_PROGRAM="other.py")
    assert server.process.wait(30) == 1
    assert "sagemaker_program: there is no file 'other.py' in the code; the files are inference.py" in server.log.read_text()


def test_several_models_are_refused(serve):
    server = serve("", SAGEMAKER_MULTI_MODEL="true")
    assert server.process.wait(30) == 1
    assert "SAGEMAKER_MULTI_MODEL: scripted serves one model a container" in server.log.read_text()


def test_requirements_modules_beside_the_script_and_the_frameworks(serve, tmp_path):
    code = tmp_path / "model" / "code"
    wheel(code, "drydock_extra", "1.0", "VALUE = 'brought'\n")
    (code / "requirements.txt").write_text("./drydock_extra-1.0-py3-none-any.whl\n")
    (code / "helper.py").write_text("import pickle\nclass Model: ...\n")
    script = "import aws_like, drydock_extra, helper\ndef transform_fn(*_):\n"
    script += "    return f'{aws_like.ANSWER} {drydock_extra.VALUE} {helper.Model.__name__}'\n"
    server = serve(script, PIP_NO_INDEX="1", MODEL_SERVER_WORKERS="2").ready()
    assert server.csv("1") == (200, b"42 brought Model")
    assert len(list(tmp_path.glob("drydock-script-*"))) == 1
    assert server.stop() == 0
    assert list(tmp_path.glob("drydock-script-*")) == []


def test_a_worker_that_takes_anothers_place_finds_the_code(serve, tmp_path):
    source = archive(tmp_path / "code.tar.gz", {"packed.py": "def transform_fn(*_):\n    return 'packed'\n"})
    environ = {"SAGEMAKER_PROGRAM": "packed.py", "SAGEMAKER_SUBMIT_DIRECTORY": f"file://{source}", "MODEL_SERVER_WORKERS": "2"}
    server = serve("", **environ).ready()
    wait_until(lambda: len(server.workers) == 2)
    before = server.workers
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    wait_until(lambda: len(server.workers) == 2 and not set(before) & set(server.workers))
    server.ready()
    assert server.csv("1") == (200, b"packed")
    assert server.process.poll() is None


def test_without_a_program_it_is_the_algorithm(serve):
    server = serve("raise SystemExit('never')", SAGEMAKER_PROGRAM="")
    assert server.process.wait(30) == 3
    assert "NotImplementedError" in server.log.read_text()  # the algorithm of this test trains only

"""Training scripts as real processes: what they are told, how they end, what of them is left."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from containers import train
from tests.containers import scripts, tiny
from tests.containers.conftest import JobDirectory
from tests.containers.scripts import archive, ask_for
from tests.containers.test_train import PIPES, REPOSITORY, until
from tests.local_mode.ended import has_ended

pytestmark = pytest.mark.slow
SECONDS = 60

TELL = """
import json, os, sys
told = {
    "argv": sys.argv[1:],
    "environ": dict(os.environ),
    "cwd": os.getcwd(),
    "path": sys.path,
    "python": sys.executable,
}
with open(os.path.join(os.environ["SM_MODEL_DIR"], "told.json"), "w") as file:
    json.dump(told, file)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """An installed package, as far as entry points are concerned, with the algorithm `scripted`."""
    information = tmp_path / "site" / "scripted-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[drydock.algorithms]\nscripted = tests.containers.scripts:algorithm\n")
    return information.parent


@pytest.fixture
def code(job_directory: JobDirectory, monkeypatch, tmp_path) -> Path:
    """``/opt/ml/code``; what is left in the temporary directory is none of ours."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    directory = job_directory.root / "code"
    directory.mkdir()
    yield directory
    assert list(temporary.iterdir()) == []


@contextmanager
def training(plugin: Path, root: Path, *arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": f"{plugin}{os.pathsep}{REPOSITORY}", **environ}
    command = [sys.executable, "-m", "containers.train", "--algorithm", "scripted", "--root", str(root), *arguments]
    with subprocess.Popen(command, env=environment, text=True, **PIPES) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(plugin: Path, job: JobDirectory, *arguments: str, **environ: str) -> tuple[int, str]:
    with training(plugin, job.root, *arguments, **environ) as process:
        output, _ = process.communicate(timeout=SECONDS)
    return process.returncode, output


def told(job: JobDirectory) -> dict:
    return json.loads(job.model["told.json"])


def test_what_a_script_is_told(plugin, job_directory, code):
    (code / "train.py").write_text(TELL)
    job_directory.config("inputdataconfig", {"train": {}, "odd-name": {"TrainingInputMode": "Pipe", "ContentType": "x/y"}})
    resources = {"current_host": "algo-1", "hosts": ["algo-1"], "current_instance_type": "local"}
    job_directory.config("resourceconfig", resources)
    hyperparameters = {"max_depth": 5, "eta": "0.2", "n": 3, "flag": True, "layers": [1, 2], "nested": {"b": 2, "a": "x"}}
    ask_for(job_directory, "train.py", "/opt/ml/code", **hyperparameters, nothing=None)

    code_, output = finish(plugin, job_directory)

    assert code_ == 0, output
    root, heard = job_directory.root, told(job_directory)
    arguments = ["--eta", "0.2", "--flag", "True", "--layers", "[1, 2]", "--max_depth", "5", "-n", "3"]
    arguments += ["--nested", "a=x,b=2", "--nothing", ""]
    assert heard["argv"] == arguments
    assert heard["cwd"] == str(code)
    expected = {
        "SM_MODEL_DIR": f"{root}/model",
        "SM_OUTPUT_DATA_DIR": f"{root}/output/data",
        "SM_OUTPUT_DIR": f"{root}/output",
        "SM_INPUT_DIR": f"{root}/input",
        "SM_INPUT_CONFIG_DIR": f"{root}/input/config",
        "SM_CHANNELS": '["odd-name","train"]',
        "SM_CHANNEL_TRAIN": f"{root}/input/data/train",
        "SM_CHANNEL_ODD-NAME": f"{root}/input/data/odd-name",
        "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1",
        "SM_NETWORK_INTERFACE_NAME": "eth0",
        "SM_CURRENT_INSTANCE_TYPE": "local",
        "SM_HP_MAX_DEPTH": "5",
        "SM_HP_ETA": "0.2",
        "SM_HP_LAYERS": "[1,2]",
        "SM_HP_NOTHING": "",
        "SM_LOG_LEVEL": "20",
        "SM_MODULE_NAME": "train",
        "SM_MODULE_DIR": "/opt/ml/code",
        "SM_USER_ENTRY_POINT": "train.py",
        "SAGEMAKER_JOB_NAME": "job-7",
        "SAGEMAKER_REGION": "eu-west-1",
    }
    assert {name: heard["environ"].get(name) for name in expected} == expected
    assert json.loads(heard["environ"]["SM_HPS"]) == {**hyperparameters, "nothing": None}
    assert json.loads(heard["environ"]["SM_USER_ARGS"]) == arguments
    assert json.loads(heard["environ"]["SM_RESOURCE_CONFIG"]) == resources
    assert json.loads(heard["environ"]["SM_INPUT_DATA_CONFIG"])["odd-name"]["ContentType"] == "x/y"
    assert int(heard["environ"]["SM_NUM_CPUS"]) >= 1
    assert int(heard["environ"]["SM_NUM_GPUS"]) >= 0
    everything = json.loads(heard["environ"]["SM_TRAINING_ENV"])
    assert everything["channel_input_dirs"]["train"] == f"{root}/input/data/train"
    assert (everything["job_name"], everything["hyperparameters"]["n"]) == ("job-7", 3)
    assert not list((root / "output").rglob("*.*"))


@pytest.mark.parametrize("location", ["file://{root}/input/data/code/s.tar.gz", "/opt/ml/input/data/code/s.tar.gz"])
def test_the_code_comes_from_an_archive_and_is_removed_again(plugin, job_directory, location):
    """The second place is the channel in which the SDK brings the code where a container has no network."""
    helper = (
        "import aws_like, pathlib, os\npathlib.Path(os.environ['SM_MODEL_DIR'], 'answer').write_text(str(aws_like.ANSWER))\n"
    )
    place = job_directory.data("code/s.tar.gz", b"")
    archive(place, {"sub/train.py": "import helper", "sub/helper.py": helper})
    ask_for(job_directory, "sub/train.py", location.format(root=job_directory.root))
    code, output = finish(plugin, job_directory)
    assert (code, job_directory.model) == (0, {"answer": b"42"}), output
    assert not (job_directory.root / "code").exists()


def test_an_environment_may_name_the_script(plugin, job_directory, code):
    (code / "train.py").write_text(TELL)
    assert finish(plugin, job_directory, SAGEMAKER_PROGRAM="train.py")[0] == 0
    assert told(job_directory)["environ"]["SM_MODULE_DIR"] == "/opt/ml/code"


@pytest.mark.parametrize(("name", "first"), [("train.sh", ""), ("train", "#!/bin/sh\n")])
def test_programs_that_are_not_python(plugin, job_directory, code, name, first):
    (code / name).write_text(f'{first}echo "$2" > "$SM_MODEL_DIR/said"\n')
    ask_for(job_directory, name, words="two words; $(id)")
    assert finish(plugin, job_directory)[0] == 0
    assert job_directory.model == {"said": b"two words; $(id)\n"}


def test_a_script_that_fails_says_why(plugin, job_directory, code):
    lines = "\n".join(f"print('line {number}', 'x' * 60)" for number in range(40))
    (code / "train.py").write_text(
        f"{lines}\nraise ValueError('the data are bad\\n' + 'trace\\n' * 200 + 'it ends with this')\n"
    )
    ask_for(job_directory, "train.py")
    code_, output = finish(plugin, job_directory)
    assert code_ == 1
    first, *rest = job_directory.failure.splitlines()
    assert first == "ClientError: ExecuteUserScriptError: train.py: exit code 1: ValueError: the data are bad"
    assert rest[-1] == "it ends with this"
    assert len(job_directory.failure) <= 1024
    assert "line 0 xxx" in output  # all of it is passed on


@pytest.mark.parametrize(("act", "how"), [("sys.exit(3)", "exit code 3"), ("os.kill(os.getpid(), 9)", "SIGKILL, as where")])
def test_the_end_of_a_script_is_named(plugin, job_directory, code, act, how):
    (code / "train.py").write_text(f"import os, sys\n{act}\n")
    ask_for(job_directory, "train.py")
    assert finish(plugin, job_directory)[0] == 1
    assert job_directory.failure.startswith(f"ClientError: ExecuteUserScriptError: train.py: {how}")


def test_a_process_left_behind_does_not_hold_the_job_up(plugin, job_directory, code):
    (code / "train.py").write_text("import subprocess\nprint(subprocess.Popen(['sleep', '300']).pid, flush=True)\n")
    ask_for(job_directory, "train.py")
    with training(plugin, job_directory.root) as process:
        left = next(int(line) for line in process.stdout if line.strip().isdigit())
        try:
            assert process.wait(SECONDS) == 0
        finally:
            os.kill(left, signal.SIGKILL)


GRACEFUL = """
import os, pathlib, signal, sys, time
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
def stop(*_):
    (model / "saved").touch()
    sys.exit(ANSWER)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    time.sleep(0.1)
"""


@pytest.mark.parametrize("answer", [0, 7])
def test_sigterm_is_passed_on(plugin, job_directory, code, answer):
    (code / "train.py").write_text(GRACEFUL.replace("ANSWER", str(answer)))
    ask_for(job_directory, "train.py")
    with training(plugin, job_directory.root) as process:
        until(process, "ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert job_directory.model == {"saved": b""}
    assert not (job_directory.root / "output" / "failure").exists()


DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: print("no", flush=True))
print(os.getpid(), flush=True)
while True:
    time.sleep(0.1)
"""


def test_a_second_sigterm_ends_a_script_that_does_not_listen(plugin, job_directory, tmp_path):
    (job_directory.root / "code").mkdir()
    (job_directory.root / "code" / "train.py").write_text(DEAF)
    ask_for(job_directory, "train.py")
    with training(plugin, job_directory.root, TMPDIR=str(tmp_path)) as process:  # which nobody tidies up then
        child = next(int(line) for line in process.stdout if line.strip().isdigit())
        process.send_signal(signal.SIGTERM)
        until(process, "no")
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert has_ended(child)


def wheel(directory: Path, name: str, version: str, module: str) -> Path:
    """A package of one module, as pip takes it."""
    path = directory / f"{name}-{version}-py3-none-any.whl"
    information = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive_:
        archive_.writestr(f"{name}.py", module)
        archive_.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive_.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive_.writestr(f"{information}/RECORD", "")
    return path


def test_requirements_are_installed_above_what_is_there(plugin, job_directory, code):
    wheel(code, "drydock_extra", "1.0", "VALUE = 'brought'\n")
    wheel(code, "orjson", "99.0", "VERSION = 'newer'\n")
    (code / "requirements.txt").write_text("./drydock_extra-1.0-py3-none-any.whl\n./orjson-99.0-py3-none-any.whl\nnumpy\n")
    (code / "train.py").write_text(
        textwrap.dedent("""
        import drydock_extra, numpy, orjson, os, pathlib, subprocess, sys
        subprocess.run([sys.executable, "-m", "pip", "--version"], check=True)
        said = f"{drydock_extra.VALUE} {orjson.VERSION} {numpy.__file__}"
        pathlib.Path(os.environ["SM_MODEL_DIR"], "said").write_text(said)
        """)
    )
    ask_for(job_directory, "train.py")
    code_, output = finish(plugin, job_directory, PIP_NO_INDEX="1")
    assert code_ == 0, output
    import numpy
    import orjson

    assert job_directory.model["said"].decode() == f"brought newer {numpy.__file__}"
    assert hasattr(orjson, "dumps")


def test_requirements_that_cannot_be_had(plugin, job_directory, code):
    (code / "requirements.txt").write_text("no-such-package-anywhere\n")
    (code / "train.py").write_text(TELL)
    ask_for(job_directory, "train.py")
    assert finish(plugin, job_directory, PIP_NO_INDEX="1")[0] == 1
    assert job_directory.failure.startswith(
        "ClientError: InstallRequirementsError: pip install -r requirements.txt: exit code 1"
    )
    assert "no-such-package-anywhere" in job_directory.failure
    assert job_directory.model == {}


def test_a_package_is_installed_and_its_module_run(plugin, job_directory, code):
    (code / "setup.py").write_text("from setuptools import setup\nsetup(name='mine', version='1', py_modules=['train'])\n")
    (code / "train.py").write_text(
        "import importlib.metadata, os\n" + TELL + "\nassert importlib.metadata.version('mine') == '1'\n"
    )
    ask_for(job_directory, "train.py")
    code_, output = finish(plugin, job_directory, PIP_NO_INDEX="1", PIP_NO_BUILD_ISOLATION="0")
    assert code_ == 0, output
    assert told(job_directory)["argv"] == []


def test_check_says_what_would_be_run(plugin, job_directory, code):
    (code / "train.py").write_text("raise SystemExit('never')")
    ask_for(job_directory, "train.py", eta=0.1)
    code_, output = finish(plugin, job_directory, "--check")
    assert (code_, json.loads(output)) == (0, {"program": "train.py", "arguments": ["--eta", "0.1"], "channels": ["train"]})


@pytest.mark.parametrize(
    ("program", "location", "reason"),
    [
        ("other.py", None, "sagemaker_program: there is no file 'other.py' in the code; the files are train.py"),
        ("../train.py", None, "sagemaker_program: expected a file inside the code, got '../train.py'"),
        ("train.py", "/nowhere", "sagemaker_submit_directory: there is no file or directory '/nowhere'"),
        ("train.py", "ftp://a/b", "sagemaker_submit_directory: expected a path, file:// or s3://, got 'ftp://a/b'"),
    ],
)
def test_code_that_is_not_there(plugin, job_directory, code, program, location, reason):
    (code / "train.py").write_text(TELL)
    ask_for(job_directory, program, location)
    assert finish(plugin, job_directory)[0] == 1
    assert job_directory.failure == f"ClientError: {reason}"


def test_an_algorithm_that_is_no_framework_refuses(job_directory):
    ask_for(job_directory, "train.py")
    assert train.run(lambda: tiny.algorithm, job_directory.settings(), train.fit) == 1
    assert job_directory.failure == "ClientError: sagemaker_program: tiny runs no scripts, got 'train.py'"


def test_without_a_script_it_is_the_algorithm(job_directory):
    assert train.run(lambda: scripts.algorithm, job_directory.settings(), train.fit) == 0
    assert job_directory.model["model"] == b"4"

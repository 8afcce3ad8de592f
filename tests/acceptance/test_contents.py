"""What the image holds."""

import json

from local_mode import images
from tests.acceptance.container import docker

#: Bytes that an image may take at most, unpacked.
LARGEST = {"linear-learner": 1.7e9, "xgboost": 0.7e9, "blazingtext": 0.6e9}
COMMON = {"drydock-ml", "flask", "gunicorn", "matplotlib", "numpy"}
#: What is in the image of one algorithm, of all that only some need.
SPECIAL = {
    "linear-learner": {"numba", "tensorflow-cpu"},
    "xgboost": {"boto3", "numba", "pyarrow", "xgboost-cpu"},
    "blazingtext": {"gensim", "numba"},
}
#: What is in none.
TOOLS = {"pip", "setuptools", "wheel", "pytest", "moto", "rich", "scikit-learn"}


def test_size(image, case):
    assert images.inspect(image).size < LARGEST[case.algorithm_name]


def test_labels_and_command(image):
    (found,) = json.loads(docker("image", "inspect", image))
    config = found["Config"]
    assert config["Cmd"] == ["train"]
    assert not config.get("Entrypoint")
    assert not config.get("User")
    for capability in ("multi-models", "accept-bind-to-port"):
        assert config["Labels"][f"com.amazonaws.sagemaker.capabilities.{capability}"] == "true"
    for label in ("title", "version", "licenses", "description"):
        assert config["Labels"][f"org.opencontainers.image.{label}"]
    assert config["Healthcheck"]


def test_only_what_the_algorithm_needs_is_inside(image, case):
    names = {package.split()[0].lower().replace("_", "-") for package in images.inspect(image).packages}
    needed = SPECIAL[case.algorithm_name]
    assert names >= COMMON | needed
    assert not names & (TOOLS | set().union(*SPECIAL.values()) - needed)


def test_neither_tests_nor_data_nor_tools_are_inside(image):
    found = docker("run", "--rm", "--network", "none", image, "find", "/", "-xdev", "-type", "f").splitlines()
    ours = [path for path in found if path.startswith("/opt/drydock/")]
    floors = {path.split("/")[4] for path in ours if path.startswith("/opt/drydock/code/")}
    assert {name for name in floors if not name.endswith(".dist-info")} == {"recordio", "containers", "algorithms", "bin"}
    assert [path for path in ours if "/tests/" in path or path.endswith((".csv", ".pbr", ".key"))] == []
    assert [path for path in found if "/.cache/" in path or path.startswith(("/tmp/", "/source/", "/opt/ml/"))] == []
    assert [path for path in found if path.rpartition("/")[2] in ("gcc", "cc", "ld", "strip", ".git", "Dockerfile")] == []


def test_all_bytecode_is_there(image):
    """None could be written at run time, and every start would compile it anew; checked by hash, it is the same every time."""
    code = (
        "import importlib.util, pathlib, sys\n"
        "for root in ('/opt/drydock/code', '/opt/drydock/lib'):\n"
        "    for path in pathlib.Path(root).rglob('*.py'):\n"
        "        cache = pathlib.Path(importlib.util.cache_from_source(str(path)))\n"
        "        if not cache.exists() or cache.read_bytes()[4] != 3: print(path)\n"
    )
    assert docker("run", "--rm", image, "python", "-P", "-c", code) == ""

"""Scripts in the algorithm's place: their code brought to the hosts, and to a server."""

import json
import tarfile

import pytest

import local_mode
from containers.errors import UserError

TRAIN = """
import json, os, pathlib, sys, helper
told = {"argv": sys.argv[1:], "hyperparameters": json.loads(os.environ["SM_HPS"]), "helper": helper.NAME}
pathlib.Path(os.environ["SM_MODEL_DIR"], f"told-{os.environ['SM_CURRENT_HOST']}.json").write_text(json.dumps(told))
pathlib.Path("written-beside").touch()
"""
SERVE = """
def model_fn(model_dir): return "model"
def transform_fn(model, body, content_type, accept): return f"{model} {body}"
"""


@pytest.fixture
def source(tmp_path):
    directory = tmp_path / "source"
    (directory / "__pycache__").mkdir(parents=True)
    (directory / "train.py").write_text(TRAIN)
    (directory / "helper.py").write_text("NAME = 'beside'\n")
    return directory


@pytest.mark.slow
def test_a_script_trains_on_all_hosts_in_a_copy_of_its_code(tiny, data, source, tmp_path, scratch):
    given = {"max_depth": 5, "version": "1.0", "flag": True}
    arguments = {"instance_count": 2, "entry_point": "train.py", "source_dir": source}
    result = local_mode.train("tiny-framework", {"anything": data}, given, tmp_path / "out", **arguments)
    with tarfile.open(result.model_archive) as tar:
        told = {member.name: json.load(tar.extractfile(member)) for member in tar}
    argv = ["--flag", "True", "--max_depth", "5", "--version", "1.0"]
    expected = {"argv": argv, "hyperparameters": given, "helper": "beside"}
    assert told == {"told-algo-1.json": expected, "told-algo-2.json": expected}
    assert sorted(path.name for path in source.iterdir()) == ["__pycache__", "helper.py", "train.py"]
    assert (result.report, result.metrics) == (None, {})


@pytest.mark.slow
def test_a_script_serves_what_lies_elsewhere(tiny, tmp_path, scratch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "something").touch()
    script = tmp_path / "inference.py"
    script.write_text(SERVE)
    with local_mode.serve(tmp_path / "model", algorithm="tiny-framework", workers=1, entry_point=str(script)) as endpoint:
        assert endpoint.invoke("1") == b"model 1"
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["something"]


def test_scripts_that_are_not_there(data, tmp_path):
    for arguments, reason in [
        ({"entry_point": "no.py"}, "entry_point: there is no file 'no.py'"),
        ({"entry_point": "no.py", "source_dir": tmp_path}, f"entry_point: there is no file 'no.py' in '{tmp_path}'"),
        ({"source_dir": tmp_path}, "source_dir: name the script in it, the entry_point"),
    ]:
        with pytest.raises(UserError) as raised:
            local_mode.train("tiny", {"train": data}, {}, tmp_path / "out", **arguments)
        assert str(raised.value) == reason

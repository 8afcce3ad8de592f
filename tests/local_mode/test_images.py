"""`drydock images`: names, and the command lines that Docker is given."""

import csv
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from containers import algorithm
from local_mode import images
from local_mode.cli import main
from local_mode.images import building, catalogue

ROOT = Path(__file__).resolve().parents[2]


def drydock(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["images", *arguments])


def test_every_installed_algorithm_has_an_image():
    ours = [name for name in algorithm.names() if type(algorithm.find(name)).__module__.startswith("algorithms.")]
    assert set(ours) == set(images.IMAGES)


def test_build_gives_docker_the_checkout(docker):
    result = drydock("build", "linear-learner", "--accelerator", "gpu")
    assert result.exit_code == 0, result.output
    arguments = docker.call("build")[0]
    assert arguments[-1] == str(ROOT)
    assert arguments[arguments.index("--file") + 1] == str(ROOT / "containers" / "Dockerfile")
    assert arguments[arguments.index("--tag") + 1] == "drydock/linear-learner:1-gpu"
    assert {"ALGORITHM=linear-learner", "ACCELERATOR=gpu"} <= set(arguments)
    assert result.stderr == "drydock/linear-learner:1-gpu  1.39 GB, 1 packages\n"


def test_build_without_a_name_builds_all(docker):
    assert drydock("build").exit_code == 0
    tags = [call[call.index("--tag") + 1] for call in docker.calls if call[0] == "build"]
    assert tags == [image.name() for image in images.IMAGES.values()]


def test_a_build_that_fails(docker):
    docker.refuses("build", "no such stage")
    result = drydock("build")
    assert result.exit_code == 1
    assert result.stderr == "Error: docker build: it ended with exit code 1\n"


def test_build_needs_a_checkout(docker, monkeypatch, tmp_path):
    monkeypatch.setattr(building, "DOCKERFILE", Path("containers", "elsewhere"))
    result = drydock("build")
    assert result.exit_code == 1
    assert "is no checkout of Drydock" in result.stderr
    assert docker.calls == []


def test_build_needs_an_image_to_build(docker):
    result = drydock("build", "linear-lerner")
    assert result.stderr.startswith("Error: there is no image of 'linear-lerner' (did you mean 'linear-learner'?)")


def test_alias_tags_with_the_name_of_aws(docker):
    name = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    assert drydock("alias", "linear-learner", "--region", "us-east-1").stdout == f"{name}\n"
    assert docker.call("tag")[0] == ["tag", "drydock/linear-learner:1", name]


def test_every_version_of_aws_is_an_alias(docker):
    names = drydock("alias", "xgboost", "--region", "us-east-1").stdout.splitlines()
    assert "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1" in names
    assert "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.0-1-cpu-py3" in names
    assert "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:1" in names
    assert [call[1:] for call in docker.calls if call[0] == "tag"] == [["drydock/xgboost:3.0-1", name] for name in names]


def test_alias_of_what_has_not_been_built(docker):
    docker.has_no_image()
    result = drydock("alias", "--region", "us-east-1")
    assert result.exit_code == 1
    assert "there is no image drydock/linear-learner:1" in result.stderr


def test_a_region_that_is_not(docker):
    result = drydock("alias", "--region", "us-eest-1")
    assert result.stderr == "Error: region: no region 'us-eest-1' is known (did you mean 'us-west-1'?)\n"
    assert [call[0] for call in docker.calls] == []


@pytest.mark.parametrize(
    ("region", "domain"),
    [("eu-west-1", "amazonaws.com"), ("cn-north-1", "amazonaws.com.cn"), ("us-iso-east-1", "c2s.ic.gov")],
)
def test_each_partition_has_its_domain(region, domain):
    (name,) = images.find("linear-learner").aws_names(region)
    assert name.endswith(f".dkr.ecr.{region}.{domain}/linear-learner:1")


def test_the_table_of_accounts_is_whole():
    with catalogue.ACCOUNTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        accounts = {name: account for name, account in row.items() if name not in ("region", "domain")}
        assert {name.partition(":")[0] for image in images.IMAGES.values() for name in image.aws} <= set(accounts)
        assert all(len(account) == 12 and account.isdigit() for account in accounts.values()), row
    assert len({row["region"] for row in rows}) == len(rows) > 30


def test_list_shows_what_is_inside(docker):
    assert drydock("list").stdout.splitlines()[:2] == ["drydock/linear-learner:1  1.39 GB", "  numpy 2.4.6"]
    docker.has_no_image()
    assert drydock("list").stdout == ""


def test_what_each_image_installs_is_declared():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {f"{name}-{accelerator}" for name in images.IMAGES for accelerator in ("cpu", "gpu")} <= set(extras)

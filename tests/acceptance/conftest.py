"""The images under test, and the problems of the contract suite, which they have to learn."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from local_mode import images
from tests.acceptance.container import Job, running
from tests.contract.case import Case
from tests.contract.cases import CASES, FIRST

#: What stands for the others where time is short.
REPRESENTATIVES = ("linear-learner", "xgboost")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.docker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a `case` runs over one of each algorithm, or of those that the mark `only` lets through; over the
    representatives under the mark of that name."""
    if "case" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("only")
        marks = {name: [pytest.mark.representative] for name in REPRESENTATIVES}
        cases = [
            pytest.param(case, id=case.algorithm_name, marks=marks.get(case.algorithm_name, ()))
            for case in FIRST
            if only is None or only.args[0](case)
        ]
        metafunc.parametrize("case", cases, scope="session")


@pytest.fixture(scope="session")
def build() -> Callable[[str], str]:
    """`build(algorithm)`: its image as this checkout makes it; without Docker everything here fails and says so."""
    return cache(lambda algorithm: images.build(images.find(algorithm), "cpu"))


@pytest.fixture
def image(build: Callable[[str], str], case: Case) -> str:
    """The image of the case's algorithm."""
    return build(case.algorithm_name)


@pytest.fixture
def make_job(tmp_path: Path, case: Case) -> Callable[..., Job]:
    """`make_job(mode, **hyperparameters)`: a job of the case."""
    return lambda mode="File", **hyperparameters: Job(tmp_path / "job", case, mode, hyperparameters)


@pytest.fixture(scope="session")
def trained(build: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """`trained(case)`: a directory with a model that the image has trained, readable for everybody."""

    @cache
    def train(case: Case) -> Path:
        job = Job(tmp_path_factory.mktemp("trained") / "job", case)
        with running(build(case.algorithm_name), "train", options=job.mounted()) as container:
            assert container.wait() == 0, container.log
        return job.model

    return train


@pytest.fixture
def model(trained: Callable[[Case], Path], case: Case) -> Path:
    """A model of the case."""
    return trained(case)


@pytest.fixture
def siblings(trained: Callable[[Case], Path], case: Case) -> dict[Case, Path]:
    """Models of all cases of the algorithm."""
    return {other: trained(other) for other in CASES if other.algorithm_name == case.algorithm_name}

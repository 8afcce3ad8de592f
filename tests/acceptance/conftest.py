"""The image under test, and data that it has to learn."""

from pathlib import Path

import numpy as np
import pytest

from local_mode import images
from tests.acceptance.container import Job, running

HYPERPARAMETERS = {"predictor_type": "binary_classifier", "epochs": "5", "num_models": "4"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def image() -> str:
    """The image of Linear Learner as this checkout builds it; without Docker everything here fails and says so."""
    return images.build(images.find("linear-learner"), "cpu")


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    """A label of 0 or 1 and two features, of which the sum tells the label; shape: (1000, 3)."""
    features = np.random.default_rng(0).normal(size=(1000, 2))
    return np.column_stack([features.sum(axis=1) > 0, features])


@pytest.fixture(scope="session")
def csv(rows: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rows as two files of one directory."""
    directory = tmp_path_factory.mktemp("data")
    for name, half in zip(("a.csv", "b.csv"), np.array_split(rows, 2), strict=True):
        np.savetxt(directory / name, half, "%.6g", ",")
    return directory


@pytest.fixture
def make_job(tmp_path: Path, csv: Path):
    """A job for a binary classifier, with the data in its train channel."""

    def make(mode: str = "File", **hyperparameters: str) -> Job:
        return Job(tmp_path / "job", HYPERPARAMETERS | hyperparameters, csv, mode)

    return make


@pytest.fixture(scope="session")
def model(image: str, csv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a model that the image has trained, readable for everybody."""
    job = Job(tmp_path_factory.mktemp("trained") / "job", HYPERPARAMETERS, csv)
    with running(image, "train", options=job.mounted()) as container:
        assert container.wait() == 0, container.log
    return job.model

"""A job's directory, written the way the platform writes it."""

import json
from pathlib import Path

import pytest

from containers.settings import TrainSettings


class JobDirectory:
    """``/opt/ml`` of one job, under a temporary root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config("hyperparameters", {})
        self.config("inputdataconfig", {"train": {"TrainingInputMode": "File", "ContentType": "text/csv"}})
        self.config("resourceconfig", {"current_host": "algo-1", "hosts": ["algo-1"], "network_interface_name": "ethwe"})
        self.data("train/a.csv", b"1,2\n")

    def config(self, name: str, value: object) -> Path:
        return self.write(f"input/config/{name}.json", json.dumps(value).encode())

    def data(self, name: str, content: bytes) -> Path:
        return self.write(f"input/data/{name}", content)

    def write(self, name: str, content: bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def settings(self, **environ: str) -> TrainSettings:
        return TrainSettings.read(environ, self.root)

    @property
    def failure(self) -> str:
        return (self.root / "output" / "failure").read_text()

    @property
    def model(self) -> dict[str, bytes]:
        """All files under the model directory, hidden ones too."""
        directory = self.root / "model"
        return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def job_directory(tmp_path: Path) -> JobDirectory:
    return JobDirectory(tmp_path / "ml")

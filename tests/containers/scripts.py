"""What the tests of scripts share: an algorithm that is a framework too, and jobs that name a script."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from containers.errors import UserError
from tests.containers.conftest import JobDirectory
from tests.containers.tiny import Algorithm

MODULES = Path(__file__).parent / "modules"


class Framework:
    """Numbers, one a line, and their double."""

    paths = (MODULES,)

    def model_fn(self, model_dir):
        return float((Path(model_dir) / "factor").read_text())

    def input_fn(self, body, content_type):
        if content_type != "text/csv":
            raise UserError(f"not read: {content_type}")
        return [float(line) for line in body.split()]

    def predict_fn(self, data, model):
        return [model * number for number in data]

    def output_fn(self, prediction, accept):
        return json.dumps(prediction).encode(), "application/json"


class Scripted(Algorithm):
    name = "scripted"
    framework = Framework()


algorithm = Scripted()


def ask_for(job: JobDirectory, program: str, location: str | None = None, **hyperparameters: object) -> None:
    """Write the hyperparameters of a job that runs a script, every value as JSON, as the SDK does."""
    values = hyperparameters | {
        "sagemaker_program": program,
        "sagemaker_region": "eu-west-1",
        "sagemaker_job_name": "job-7",
        "sagemaker_container_log_level": 20,
    }
    if location is not None:
        values["sagemaker_submit_directory"] = location
    job.config("hyperparameters", {name: json.dumps(value) for name, value in values.items()})


def archive(path: Path, files: Mapping[str, str | tarfile.TarInfo]) -> Path:
    """A ``.tar.gz`` of files: their text, or a member as it stands."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content.encode())
                tar.addfile(member, io.BytesIO(content.encode()))
    return path

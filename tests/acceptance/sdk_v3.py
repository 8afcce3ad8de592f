"""What a notebook does with the SageMaker SDK v3, here in a container: ``python sdk_v3.py PLAN``.

PLAN is a JSON file that `test_sdk_v3` writes. The working directory gets what the SDK leaves.
"""

import json
import sys
from pathlib import Path
from typing import Any

from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData
from sagemaker.train.model_trainer import Mode


def main(plan: dict[str, Any]) -> None:
    trainer = ModelTrainer(
        training_image=plan["image"],
        training_mode=Mode.LOCAL_CONTAINER,
        compute=Compute(instance_type="local_cpu", instance_count=plan["instances"]),
        hyperparameters=plan["hyperparameters"],
        local_container_root=str(Path.cwd()),
    )
    trainer.train(
        input_data_config=[
            InputData(channel_name=name, data_source=directory, content_type=plan["content_type"])
            for name, directory in plan["channels"].items()
        ]
    )


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))

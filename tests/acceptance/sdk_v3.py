"""What a notebook does with the SageMaker SDK v3, here in a container: ``python sdk_v3.py IMAGE INSTANCES ROWS``.

Trains on the CSV files of the directory ROWS. The working directory gets what the SDK leaves.
"""

import sys
from pathlib import Path

from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData
from sagemaker.train.model_trainer import Mode


def main(image: str, instances: str, rows: str) -> None:
    trainer = ModelTrainer(
        training_image=image,
        training_mode=Mode.LOCAL_CONTAINER,
        compute=Compute(instance_type="local_cpu", instance_count=int(instances)),
        hyperparameters={"predictor_type": "binary_classifier", "epochs": 5, "num_models": 4, "normalize_data": True},
        local_container_root=str(Path.cwd()),
    )
    trainer.train(input_data_config=[InputData(channel_name="train", data_source=rows, content_type="text/csv")])


if __name__ == "__main__":
    main(*sys.argv[1:])

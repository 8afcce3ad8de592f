"""Names of images."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from containers.errors import UserError, did_you_mean

Accelerator = Literal["cpu", "gpu"]

#: Account and domain of AWS's registries, by region and algorithm. Source: the SageMaker Python SDK's image_uri_config.
ACCOUNTS = Path(__file__).with_name("accounts.csv")


@dataclass(frozen=True, slots=True)
class Image:
    """The image of one algorithm.

    Attributes
    ----------
    version
        AWS's, which is the tag.
    repository
        AWS's name of the repository.
    """

    algorithm: str
    version: str
    repository: str

    def name(self, accelerator: str = "cpu") -> str:
        """What it is called here."""
        return f"drydock/{self.algorithm}:{self.version}{'' if accelerator == 'cpu' else f'-{accelerator}'}"

    def aws_name(self, region: str) -> str:
        """What ``sagemaker.image_uris.retrieve`` answers.

        Raises
        ------
        UserError
            AWS has no such region.
        """
        with ACCOUNTS.open(newline="") as file:
            rows = {row["region"]: row for row in csv.DictReader(file)}
        if region not in rows:
            raise UserError(f"region: no region {region!r} is known{did_you_mean(region, rows)}")
        account, domain = rows[region][self.algorithm], rows[region]["domain"]
        return f"{account}.dkr.ecr.{region}.{domain}/{self.repository}:{self.version}"


IMAGES = {image.algorithm: image for image in (Image("linear-learner", "1", "linear-learner"),)}


def find(algorithm: str) -> Image:
    """The image of an algorithm.

    Raises
    ------
    UserError
        It has none.
    """
    if algorithm not in IMAGES:
        raise UserError(f"there is no image of {algorithm!r}{did_you_mean(algorithm, IMAGES)}; there are: {', '.join(IMAGES)}")
    return IMAGES[algorithm]

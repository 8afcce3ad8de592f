"""Names of images."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from containers.errors import UserError, did_you_mean

Accelerator = Literal["cpu", "gpu"]

#: Domain of AWS's registries and accounts of its repositories, by region. Source: the SageMaker Python SDK's image_uri_config.
ACCOUNTS = Path(__file__).with_name("accounts.csv")


@dataclass(frozen=True, slots=True)
class Image:
    """The image of one algorithm.

    Attributes
    ----------
    version
        The tag.
    aws
        What AWS calls its images of the algorithm, of all versions: ``repository:tag``.
    """

    algorithm: str
    version: str
    aws: tuple[str, ...]

    def name(self, accelerator: str = "cpu") -> str:
        """What it is called here."""
        return f"drydock/{self.algorithm}:{self.version}{'' if accelerator == 'cpu' else f'-{accelerator}'}"

    def aws_names(self, region: str) -> list[str]:
        """What ``sagemaker.image_uris.retrieve`` answers, a name for every version.

        Raises
        ------
        UserError
            AWS has no such region.
        """
        with ACCOUNTS.open(newline="") as file:
            rows = {row["region"]: row for row in csv.DictReader(file)}
        if region not in rows:
            raise UserError(f"region: no region {region!r} is known{did_you_mean(region, rows)}")
        account, domain = rows[region], rows[region]["domain"]
        return [f"{account[name.partition(':')[0]]}.dkr.ecr.{region}.{domain}/{name}" for name in self.aws]


#: Versions of AWS's XGBoost; one image of ours takes the place of all.
_XGBOOST = (
    *("3.0-5", "1.7-1", "1.5-1", "1.3-1", "1.2-2", "1.2-1"),
    *("1.0-1-cpu-py3", "0.90-2-cpu-py3", "0.90-1-cpu-py3"),
)
IMAGES = {
    image.algorithm: image
    for image in (
        Image("linear-learner", "1", ("linear-learner:1",)),
        Image("xgboost", "3.0-1", (*(f"sagemaker-xgboost:{version}" for version in _XGBOOST), "xgboost:1", "xgboost:latest")),
        Image("blazingtext", "1", ("blazingtext:1",)),
    )
}


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

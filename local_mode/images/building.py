"""Building and naming images."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import containers
from containers.errors import UserError
from local_mode.docker import docker
from local_mode.images.catalogue import Accelerator, Image

#: Where the Dockerfile stands in a checkout.
DOCKERFILE = Path("containers", "Dockerfile")


def build(image: Image, accelerator: Accelerator) -> str:
    """Build an image from the checkout that is installed here, showing Docker's output; return its name.

    Raises
    ------
    UserError
        What is installed is no checkout, there is no Docker, or the build fails.
    """
    root = _checkout()
    name = image.name(accelerator)
    arguments = {"ALGORITHM": image.algorithm, "ACCELERATOR": accelerator}
    if platform.machine() != "x86_64":
        arguments["CPU"] = "generic"
    options = [word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")]
    label = f"org.opencontainers.image.version={version('drydock-ml')}"
    docker(
        "build", "--network", "host", "--file", str(root / DOCKERFILE), *options, "--label", label, "--tag", name, str(root),
        shown=True,
    )  # fmt: skip
    return name


def require(name: str) -> None:
    """Refuse an image that is not there; never would one of that name be fetched from elsewhere.

    Raises
    ------
    UserError
        It has not been built, or Docker does not answer.
    """
    if not docker("image", "ls", "--quiet", name).strip():
        raise UserError(f"there is no image {name}; `drydock images build` makes it")


def tag_as_aws(image: Image, region: str) -> list[str]:
    """Give an image also the names that AWS's have in a region, so that whoever asks for those gets this; return them.

    Raises
    ------
    UserError
        The image has not been built, or AWS has no such region.
    """
    names = image.aws_names(region)
    require(image.name())
    for name in names:
        docker("tag", image.name(), name)
    return names


def _checkout() -> Path:
    root = Path(containers.__path__[0]).resolve().parent
    if not (root / DOCKERFILE).is_file() or not (root / "pyproject.toml").is_file():
        raise UserError(
            f"{root} is no checkout of Drydock, and images are built from one; clone it, and `pip install --editable` it"
        )
    return root

"""``drydock images``."""

from __future__ import annotations

import click

from local_mode import images as catalogue
from local_mode.images.catalogue import Accelerator


@click.group(short_help="Build, name and list the container images.")
def images() -> None:
    """The algorithms as images: what SageMaker, its SDK's local mode, Kubernetes or `docker run` start as `train` and `serve`.

    \b
      drydock images build linear-learner
      drydock train linear-learner --backend docker ...
    """


@images.command()
@click.argument("algorithms", nargs=-1, metavar="[ALGORITHM]...")
@click.option("--accelerator", type=click.Choice(["cpu", "gpu"]), default="cpu", show_default=True, help="What it computes on.")
def build(algorithms: tuple[str, ...], accelerator: Accelerator) -> None:
    """Build the images of the ALGORITHMs, or of all, from the checkout that is installed."""
    for image in _named(algorithms):
        name = catalogue.build(image, accelerator)
        contents = catalogue.inspect(name)
        if contents is not None:
            click.echo(f"{name}  {_size(contents.size)}, {len(contents.packages)} packages", err=True)


@images.command()
@click.argument("algorithms", nargs=-1, metavar="[ALGORITHM]...")
@click.option("--region", required=True, help="AWS's region, such as us-east-1.")
def alias(algorithms: tuple[str, ...], region: str) -> None:
    """Give the images also the names that `sagemaker.image_uris.retrieve` answers, by which notebooks ask for them."""
    for image in _named(algorithms):
        click.echo("\n".join(catalogue.tag_as_aws(image, region)))


@images.command("list")
def list_() -> None:
    """List the images that have been built, their sizes, and the Python packages inside."""
    for image in catalogue.IMAGES.values():
        for accelerator in ("cpu", "gpu"):
            contents = catalogue.inspect(image.name(accelerator))
            if contents is not None:
                click.echo(f"{image.name(accelerator)}  {_size(contents.size)}")
                for package in contents.packages:
                    click.echo(f"  {package}")


def _named(algorithms: tuple[str, ...]) -> list[catalogue.Image]:
    return [catalogue.find(name) for name in algorithms or catalogue.IMAGES]


def _size(size: int) -> str:
    return f"{size / 1e9:.2f} GB"

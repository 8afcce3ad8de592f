"""The ``drydock`` command."""

from __future__ import annotations

import signal
from typing import Any

import click

from containers.errors import DrydockError
from local_mode.cli import catalogue, data, images, serving, training


class _Commands(click.Group):
    """Reports every error that is not ours to debug in one line, with exit code 1."""

    def invoke(self, context: click.Context) -> Any:
        # What ends a job must end it in order: SIGTERM is Ctrl-C here, and the commands know what to do then.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return super().invoke(context)
        except (DrydockError, OSError) as error:
            if isinstance(error, BrokenPipeError):  # whoever read our output has gone; click ends quietly
                raise
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="drydock-ml", prog_name="drydock")
def main() -> None:
    """Train and serve SageMaker's built-in algorithms on this machine, under the contract of their containers.

    A first model, from a CSV file without a header whose first column is the label:

    \b
      drydock train linear-learner --train my.csv --content-type text/csv \\
          --hp predictor_type=regressor --output out
      drydock serve out/model.tar.gz
      drydock invoke 8080 rows.csv --content-type text/csv
    """


for command in (
    training.train,
    training.check,
    serving.serve,
    serving.invoke,
    data.convert,
    catalogue.algorithms,
    catalogue.hyperparameters,
    images.images,
):
    main.add_command(command)

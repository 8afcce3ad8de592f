"""``drydock serve`` and ``drydock invoke``."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import click

import local_mode
from local_mode import client
from local_mode.cli.training import runs


@click.command(short_help="Serve a trained model over HTTP.")
@click.argument("model")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Loopback port to listen on.")
@click.option("--workers", type=click.IntRange(min=1), help="Server processes.  [default: one a core]")
@click.option("--algorithm", metavar="NAME", help="The algorithm, for a model that does not say it in its model.json.")
@click.option("--entry-point", metavar="FILE", help="A script that serves in the algorithm's place, as xgboost allows.")
@click.option("--source-dir", metavar="DIR|s3://…", help="The directory in which that script lies, with all it needs.")
@runs
def serve(model: str, **options: Any) -> None:
    """Serve MODEL, a model.tar.gz (a path or s3://…) or the directory of its files, until Ctrl-C.

    The endpoint answers /ping, /invocations and /execution-parameters as a SageMaker container does, to this machine only.

    \b
      drydock serve out/model.tar.gz --port 8080
    """
    endpoint = None
    try:
        endpoint = local_mode.serve(model, on_line=click.echo, **options)
        click.echo(f"serving on {endpoint.url}; Ctrl-C ends it", err=True)
        endpoint.wait()
    except KeyboardInterrupt:
        pass
    finally:
        if endpoint is not None:
            endpoint.close()


@click.command(short_help="Send a request to an endpoint.")
@click.argument("endpoint")
@click.argument("file", type=click.File("rb"))
@click.option("--content-type", metavar="TYPE", default="text/csv", show_default=True, help="Content type of FILE.")
@click.option("--accept", metavar="TYPE", help="Content type of the answer.  [default: the algorithm's]")
def invoke(endpoint: str, file: BinaryIO, content_type: str, accept: str | None) -> None:
    """Send FILE (- for stdin) to ENDPOINT, a port or a URL, and print the answer.

    \b
      echo 5.1,3.5,1.4,0.2 | drydock invoke 8080 - --accept application/jsonlines
    """
    sys.stdout.buffer.write(client.invoke(endpoint, file.read(), content_type, accept))

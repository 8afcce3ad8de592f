"""The executable `serve`: answers HTTP requests with a trained model."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from containers.algorithm import Algorithm, find
from containers.errors import DrydockError, UserError
from containers.reporting import logs
from containers.script.algorithm import instead_of
from containers.script.serving import prepared
from containers.settings import DEFAULT_ROOT, ServeSettings

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code: 0 stopped, 1 the user's error, 2 ours, 3 the model did not load."""
    parser = argparse.ArgumentParser("serve", description=__doc__)
    parser.add_argument("--algorithm", help="its name; default: DRYDOCK_ALGORITHM")
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="directory that holds model/ (%(default)s)")
    parser.add_argument("--port", type=int, help="default: SAGEMAKER_BIND_TO_PORT, or 8080")
    parser.add_argument("--host", help="address to listen on; default: DRYDOCK_BIND, or all")
    options = parser.parse_args(argv)
    logs.configure()
    # The threads of a worker are its parallelism; set before numpy's and the algorithm's libraries read it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        settings = ServeSettings.read(
            os.environ if environ is None else environ,
            options.root,
            algorithm=options.algorithm,
            port=options.port,
            host=options.host,
        )
        if settings.algorithm is None:
            raise UserError("no algorithm: give --algorithm or set DRYDOCK_ALGORITHM")
        algorithm = instead_of(find(settings.algorithm), settings)
        with prepared(algorithm, settings) as settings:
            return run(algorithm, settings)
    except DrydockError as error:
        log.error("%s: %s", error.label, error)
        return error.exit_code


def run(algorithm: Algorithm, settings: ServeSettings) -> int:
    """Serve an algorithm; from the main thread only.

    Raises
    ------
    UserError
        There is no model, or the algorithm does not know the multi-model API.
    """
    if settings.multi_model and not algorithm.multi_model:
        raise UserError(f"SAGEMAKER_MULTI_MODEL: {algorithm.name} serves one model a container")
    if not settings.multi_model and not (settings.model_dir.is_dir() and any(settings.model_dir.iterdir())):
        raise UserError(f"there is no model in {settings.model_dir}")
    from containers.serving.server import Server  # not needed to report the errors above

    log.info("serving %s on %s:%d", algorithm.name, settings.host, settings.port)
    try:
        Server(algorithm, settings).run()
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

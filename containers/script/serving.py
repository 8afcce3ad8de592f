"""What is done once, before the server's workers are forked: the script's code fetched, its requirements installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from containers.algorithm import Algorithm
from containers.script.algorithm import ScriptAlgorithm
from containers.settings import ServeSettings

#: Where the SDK packs the code, inside the model.
CODE = "/opt/ml/model/code"


@contextmanager
def prepared(algorithm: Algorithm, settings: ServeSettings) -> Iterator[ServeSettings]:
    """The settings with `submit_directory` naming a directory of this machine; unchanged where no script is served.

    Raises
    ------
    UserError
        There is no such script, or its requirements cannot be installed.
    """
    if not isinstance(algorithm, ScriptAlgorithm):
        yield settings
        return
    # here, as those who serve no script do not need them
    from containers.script.overlay import REQUIREMENTS, Overlay
    from containers.script.program import Program
    from containers.script.scratch import scratch
    from containers.script.source import fetch

    with scratch() as directory:
        code = fetch(settings.submit_directory or CODE, directory / "code", settings)
        program = Program.find(code, str(settings.program))
        sys.path[:0] = [str(program.path.parent), str(program.directory), *map(str, algorithm.framework.paths)]
        if (program.directory / REQUIREMENTS).is_file():
            overlay = Overlay.make(directory / "python")
            overlay.install(program, settings.environ)
            sys.path.insert(0, str(overlay.site))
        yield replace(settings, submit_directory=str(program.directory))

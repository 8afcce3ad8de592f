"""The HTTP server: gunicorn with threaded workers, configured here and nowhere else."""

from __future__ import annotations

import logging
import signal
import socket
import struct
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from containers.algorithm import Algorithm
from containers.errors import DrydockError
from containers.serving.app import ONLY, create_app
from containers.serving.registry import Registry
from containers.serving.resources import threads, workers
from containers.settings import ServeSettings

log = logging.getLogger(__name__)

#: Seconds requests in flight have to end after SIGTERM; SageMaker kills after 30.
GRACE = 25
#: Seconds an idle connection is kept: longer than load balancers keep theirs, so that it is they who close it.
KEEP_ALIVE = 75


class Server(BaseApplication):
    """Serves one algorithm until SIGTERM or SIGINT, which both let requests in flight end.

    Every worker loads the model itself, after the fork: TensorFlow's and OpenMP's threads do not survive one. A worker accepts
    connections only when its model is loaded. One that cannot load it ends the server with exit code 3.
    """

    def __init__(self, algorithm: Algorithm, settings: ServeSettings) -> None:
        self._algorithm = algorithm
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        settings = self._settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        options: dict[str, Any] = {
            "bind": f"{host}:{settings.port}",
            "worker_class": "gthread",
            "workers": workers(settings),
            "threads": threads(settings),
            "timeout": settings.timeout,
            "graceful_timeout": GRACE,
            "keepalive": KEEP_ALIVE,
            "loglevel": "warning",
            "when_ready": self._limit_reads,
            "post_worker_init": _prepare,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:  # the control socket is newer than the oldest gunicorn that will do
                self.cfg.set(name, value)

    def _limit_reads(self, arbiter: Arbiter) -> None:
        """Clients that stop in the middle of a request would keep their threads, and soon all of them, `/ping` included.

        Connections inherit the limit from the socket that listens. gunicorn reads headers and bodies without one.
        """
        for listener in arbiter.LISTENERS:
            seconds = struct.pack("ll", self._settings.read_seconds, 0)  # struct timeval
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)

    def load(self) -> Flask:
        """The application of one worker, its model loaded."""
        models = Registry(self._algorithm, self._settings)
        if not self._settings.multi_model:
            try:
                models.load(ONLY, self._settings.model_dir)
            except DrydockError as error:
                log.error("%s: the model cannot be loaded: %s", error.label, error)
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
            except Exception:
                log.exception("AlgorithmError: the model cannot be loaded")
                sys.exit(Arbiter.WORKER_BOOT_ERROR)
        return create_app(models, self._settings)

    def run(self) -> None:
        """Serve; ends in `SystemExit`."""
        _Arbiter(self).run()


class _Arbiter(Arbiter):
    handle_int = Arbiter.handle_term  # gunicorn's own makes the workers quit at once

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        try:
            super().halt(reason, exit_status)
        except HaltServer:  # a second worker failed while the first one's failure was ending the server
            self.halt(reason, exit_status)


def _prepare(worker: Any) -> None:
    # A terminal sends Ctrl-C to all processes; a worker that then hears the master's word too may hang until it is killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # gunicorn would write a trace for every client that stops in the middle of its headers.
    worker.log.error_log.addFilter(lambda record: not record.exc_info or record.exc_info[0] is not BlockingIOError)

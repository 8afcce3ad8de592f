"""A served model: one server on one loopback port, gone when closed."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from containers import archives
from containers.errors import UserError
from local_mode import backends, client, network, s3
from local_mode.backends import Program
from local_mode.errors import EndpointFailed
from local_mode.layout import link
from local_mode.processes import Process, signal_group, start
from local_mode.script import Script

#: Seconds until ``/ping`` must answer; SageMaker waits eight minutes, which nobody would at a terminal.
START_LIMIT = 60.0
#: Seconds between SIGTERM and SIGKILL, as in SageMaker.
STOP_GRACE = 30.0
LAST_LINES = 20


class Endpoint:
    """A running server; see `local_mode.serve`.

    Attributes
    ----------
    url
        Such as ``http://127.0.0.1:8080``.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        algorithm: str | None,
        port: int | None,
        workers: int | None,
        environment: Mapping[str, str],
        backend: str,
        entry_point: str | None,
        source_dir: str | Path | None,
        on_line: Callable[[str], None],
    ) -> None:
        runner = backends.find(backend)
        script = Script.find(entry_point, source_dir)
        with ExitStack() as stack:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="drydock-")))
            files = _place(_local(model, root / "download"), root / "model", runner.machine)
            port = network.free_ports(1)[0] if port is None else network.require_free(port)
            self.url = f"http://{network.LOOPBACK}:{port}"
            settings = {"MODEL_SERVER_WORKERS": str(workers)} if workers is not None else {}
            if script is not None:
                script.copy(root)
                settings |= script.environment
            program = Program(
                "serve",
                algorithm or _algorithm(files),
                root,
                environment={**environment, **settings},
                port=port,
                directories={} if files == root / "model" else {files: False},
            )
            (process,) = stack.enter_context(runner.prepare([program]))
            self._server = _Server(process, on_line)
            # also at the end of the interpreter, for whoever forgets to close
            self._finalizer = weakref.finalize(self, _tear_down, self._server, stack.pop_all())
        try:
            self._server.wait_for(self.url)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def invoke(self, body: bytes | str, content_type: str = "text/csv", accept: str | None = None) -> bytes:
        """Send one request to ``/invocations`` and return the body of the answer.

        Raises
        ------
        InvocationFailed
            The answer is an error, or there is none.
        """
        return client.invoke(self.url, body.encode() if isinstance(body, str) else body, content_type, accept)

    def wait(self) -> None:
        """Wait until the server ends by itself; raises `EndpointFailed` then."""
        self._server.wait()

    def close(self) -> None:
        """Let requests in flight finish, end the server, remove what was unpacked. A second call does nothing."""
        self._finalizer()


class _Server:
    """The process group of a server, and its log."""

    def __init__(self, process: Process, on_line: Callable[[str], None]) -> None:
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._on_line = on_line
        self._process = start(process)
        self._reader = threading.Thread(target=self._read, name="endpoint log", daemon=True)
        self._reader.start()

    def wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_LIMIT
        while not client.is_healthy(url):
            try:
                self._process.wait(0.02)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise self._failed(f"the server did not answer /ping within {START_LIMIT:.0f} s") from None
            else:
                self.end()
                raise self._failed(f"the server ended with code {self._process.returncode} before it answered /ping")

    def wait(self) -> None:
        self._process.wait()
        raise self._failed(f"the server ended with code {self._process.returncode}")

    def end(self) -> None:
        self._process.terminate()
        try:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_GRACE)
        finally:  # an impatient second Ctrl-C must not leave the workers behind
            signal_group(self._process, signal.SIGKILL)
            self._process.wait()
            self._reader.join()

    def _failed(self, what: str) -> EndpointFailed:
        return EndpointFailed("\n  ".join([f"{what}; its last words:", *self._last]))

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        with self._process.stdout:
            for line in self._process.stdout:
                self._last.append(line.rstrip("\n"))
                self._on_line(line.rstrip("\n"))


def _tear_down(server: _Server, rest: ExitStack) -> None:
    with rest:
        server.end()


def _local(model: str | Path, downloads: Path) -> Path:
    if not s3.is_uri(model):
        return Path(model).expanduser().absolute()
    return s3.download(str(model), downloads) / str(model).rpartition("/")[2]


def _place(model: Path, directory: Path, machine: Path) -> Path:
    """Bring a model to the directory it is served from; return the one that holds its files, the user's own or that."""
    if model.is_dir():
        link(directory, model, machine)
        return model.resolve()
    if not model.is_file():
        raise UserError(f"there is no model at {model}")
    directory.mkdir()
    archives.unpack(model, directory)
    return directory


def _algorithm(model: Path) -> str:
    """The algorithm that wrote a model, from its ``model.json``."""
    path = model / "model.json"
    try:
        name = json.loads(path.read_bytes())["algorithm"]
    except FileNotFoundError:
        raise UserError("the model has no model.json to tell its algorithm; name the algorithm") from None
    except (ValueError, KeyError, TypeError):
        raise UserError("the model's model.json is no JSON object with a member 'algorithm'") from None
    return str(name)

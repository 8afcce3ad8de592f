"""One process a host, watched until all have ended."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

#: Seconds between SIGTERM and SIGKILL when a job is stopped, as in SageMaker.
STOP_GRACE = 120.0
#: The same for the hosts that are left when one has failed: nothing of theirs will be kept.
PEER_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Process:
    """What to run for one host: the program itself, or a command that stands for it."""

    host: str
    command: Sequence[str]
    directory: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """The first host that failed, and its exit code; see `signal_of`."""

    host: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the processes ended: whether they were stopped from outside, and the first failure, if any."""

    stopped: bool
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class _Line:
    text: str


@dataclass(frozen=True, slots=True)
class _Exit:
    host: str
    code: int


class _Stop:
    """The user asks the job to stop."""


class Processes:
    """Runs one process a host, once. On leaving the context all of them are dead, with what they started.

    Every process leads a session of its own, so that Ctrl-C on the terminal reaches only us. In the main thread, signals that
    would raise KeyboardInterrupt are heard as a wish to stop: an exception between any two lines would be none to rely on.
    """

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._watchers: list[threading.Thread] = []
        # its `put` may be called from a signal handler, which that of `queue.Queue` may not
        self._events: queue.SimpleQueue[_Line | _Exit | _Stop | Exception] = queue.SimpleQueue()
        self._interrupts = 0
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._signal(signal.SIGKILL)
        for watcher in self._watchers:
            watcher.join()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def abort(self, error: Exception) -> None:
        """Make `run` raise `error`. Callable from any thread."""
        self._events.put(error)

    def run(self, processes: Sequence[Process], on_line: Callable[[str], None]) -> Outcome:
        """Start all, and wait until all have ended. `on_line` is called in this thread with every line, without its newline.

        The first failure ends the others. The first Ctrl-C stops the job: SIGTERM, and SIGKILL after `STOP_GRACE` seconds; the
        second raises KeyboardInterrupt.
        """
        for process in processes:
            self._start(process)
        stopped, failure, deadline = False, None, None
        while self._running:
            try:
                event = self._events.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                self._signal(signal.SIGKILL)
                deadline = None
                continue
            match event:
                case _Line(text):
                    on_line(text)
                case _Exit(host, code):
                    del self._running[host]
                    ended_by_stop = stopped and signal_of(code) == signal.SIGTERM
                    if code and not failure and not ended_by_stop:
                        failure, deadline = Failure(host, code), time.monotonic() + PEER_GRACE
                        self._signal(signal.SIGTERM)
                case _Stop():
                    stopped, deadline = True, time.monotonic() + STOP_GRACE
                    self._signal(signal.SIGTERM)
                case error:
                    raise error
        return Outcome(stopped, failure)

    def _listen(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is signal.default_int_handler:
                    self._handlers[number] = signal.signal(number, self._interrupted)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._interrupts == 2:
            raise KeyboardInterrupt
        self._events.put(_Stop())

    def _start(self, process: Process) -> None:
        child = start(process)
        self._running[process.host] = child
        watcher = threading.Thread(target=self._watch, args=(process.host, child), name=f"watch {process.host}", daemon=True)
        self._watchers.append(watcher)
        watcher.start()

    def _watch(self, host: str, child: subprocess.Popen[str]) -> None:
        reader = threading.Thread(target=self._read, args=(child,), name=f"log {host}", daemon=True)
        reader.start()
        code = child.wait()
        signal_group(child, signal.SIGKILL)  # what it left running; that may also hold the log open
        reader.join()
        self._events.put(_Exit(host, code))

    def _read(self, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None  # noqa: S101 - for the type checker
        with child.stdout:
            for line in child.stdout:
                self._events.put(_Line(line.rstrip("\n")))

    def _signal(self, number: signal.Signals) -> None:
        """SIGTERM goes to the processes themselves, which decide what to do; SIGKILL to all they started as well."""
        for child in self._running.values():
            if number == signal.SIGKILL:
                signal_group(child, number)
            else:
                child.send_signal(number)


def start(process: Process) -> subprocess.Popen[str]:
    """Start a process as the leader of a session of its own; its log, both streams in one, is its ``stdout``."""
    return subprocess.Popen(
        process.command,
        cwd=process.directory,
        env=dict(process.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def signal_of(code: int) -> signal.Signals | None:
    """The signal that ended a process of this exit code: negative, or above 128 as Docker and shells tell it."""
    number = -code if code < 0 else code - 128
    return signal.Signals(number) if number in set(signal.Signals) else None


def signal_group(leader: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal to all that a process which leads its own session has started; to nobody where all have ended."""
    with suppress(ProcessLookupError):
        os.killpg(leader.pid, number)

"""A `docker` command that remembers how it was called and runs, in place of a container, what a test gives it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """#!{python}
import csv, json, os, pathlib, signal, sys
home, arguments = pathlib.Path({home!r}), sys.argv[1:]
with (home / "calls").open("a") as calls:
    print(json.dumps([arguments, dict(os.environ)]), file=calls)
refused = home / f"refused-{{arguments[0]}}"
if refused.exists():
    sys.exit(refused.read_text())
if arguments[:2] == ["image", "ls"]:
    print("" if (home / "no-image").exists() else "0123456789ab")
elif arguments[:2] == ["image", "inspect"]:
    print(1390000000)
elif arguments[0] == "run":
    print("numpy 2.4.6")
elif arguments[0] == "create":
    (home / arguments[arguments.index("--name") + 1]).write_text(json.dumps(arguments))
elif arguments[0] == "inspect":
    print("running" if (home / "pid").exists() else "created")
elif arguments[0] == "kill":
    os.kill(int((home / "pid").read_text()), signal.SIGTERM)
elif arguments[0] == "start":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # a container hears it when it likes
    (home / "pid").write_text(str(os.getpid()))
    created = json.loads((home / arguments[-1]).read_text())
    mounts = [next(csv.reader([value])) for word, value in zip(created, created[1:]) if word == "--mount"]
    root = next(pathlib.Path(source[7:]) for _, source, target, *_ in mounts if target == "target=/opt/ml")
    exec((home / "inside").read_text())
"""

#: Code that leaves a model, for `FakeDocker.runs`.
MODEL = "(root / 'model' / 'model.json').write_text('{}')"


@dataclass(frozen=True)
class FakeDocker:
    """Where it keeps its notes."""

    home: Path

    def install(self) -> Path:
        """Write the command; return the directory to put on the path."""
        directory = self.home / "bin"
        directory.mkdir(parents=True)
        command = directory / "docker"
        command.write_text(SCRIPT.format(python=sys.executable, home=str(self.home)))
        command.chmod(0o755)
        return directory

    def runs(self, code: str) -> None:
        """What a container does: Python, in which `root` is the directory mounted at ``/opt/ml``."""
        (self.home / "inside").write_text(code)

    def has_no_image(self) -> None:
        (self.home / "no-image").touch()

    def refuses(self, command: str, words: str) -> None:
        """Let a command of it fail with these words."""
        (self.home / f"refused-{command}").write_text(words)

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of all calls, in order."""
        return [arguments for arguments, _ in self._notes]

    def call(self, command: str) -> tuple[list[str], dict[str, str]]:
        """The arguments and the environment of the only call of a command."""
        (found,) = [(arguments, environment) for arguments, environment in self._notes if arguments[0] == command]
        return found

    @property
    def _notes(self) -> list[tuple[list[str], dict[str, str]]]:
        notes = self.home / "calls"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

"""A Python environment for a script: all that is installed here, and on top what the script brings or installs."""

from __future__ import annotations

import logging
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from containers.errors import UserError
from containers.script.process import run
from containers.script.program import Program
from containers.stop import Stop, Stopped

log = logging.getLogger(__name__)

REQUIREMENTS = "requirements.txt"
PIP = ("-m", "pip", "install", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action=ignore")


@dataclass(frozen=True, slots=True)
class Overlay:
    """An environment of its own above that of this process, which it sees and does not change.

    A container's own is read-only to most users; a version that a script asks for goes before the one below.
    """

    directory: Path

    @classmethod
    def make(cls, directory: Path) -> Overlay:
        """Make one in a directory that does not exist."""
        import venv  # here, as those who serve no script do not need it

        # The base has pip, which the environment of an image has not: scripts install with it, too.
        venv.EnvBuilder(system_site_packages=True, symlinks=True).create(directory)
        overlay = cls(directory)
        below = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
        lines = [f"import site; site.addsitedir({path!r})\n" for path in below]  # with what its own .pth files name
        (overlay.site / "below.pth").write_text("".join(lines))
        return overlay

    @property
    def python(self) -> Path:
        return self.programs / "python"

    @property
    def programs(self) -> Path:
        return self.directory / "bin"

    @property
    def site(self) -> Path:
        """Where packages are installed."""
        version = sysconfig.get_python_version()
        return self.directory / "lib" / f"python{version}" / "site-packages"

    def install(self, program: Program, environment: Mapping[str, str], stop: Stop | None = None) -> None:
        """Install what the code asks for, and the code itself where it is a package.

        Raises
        ------
        UserError
            pip failed; the reason ends in its last lines.
        Stopped
            The job was told to stop meanwhile.
        """
        what = ["."] if program.is_package else []
        if (program.directory / REQUIREMENTS).is_file():
            what += ["-r", REQUIREMENTS]
        if not what:
            return
        log.info("pip install %s", " ".join(what))
        ended = run([str(self.python), *PIP, *what], program.directory, environment, stop)
        if stop is not None and stop.is_set():
            raise Stopped("while the script's requirements were installed")
        if ended.code:
            raise UserError(f"InstallRequirementsError: pip install {' '.join(what)}: {ended.reason}")

"""What is inside an image."""

from __future__ import annotations

from dataclasses import dataclass

from local_mode.docker import docker

_LIST = (
    "from importlib.metadata import distributions;"
    "print('\\n'.join(sorted({f'{found.name} {found.version}' for found in distributions()}, key=str.lower)))"
)


@dataclass(frozen=True, slots=True)
class Contents:
    """Size in bytes, unpacked, and the Python packages with their versions."""

    size: int
    packages: tuple[str, ...]


def inspect(name: str) -> Contents | None:
    """What is inside an image, by asking its Python; None where there is no image of that name."""
    if not docker("image", "ls", "--quiet", name).strip():
        return None
    size = int(docker("image", "inspect", "--format", "{{.Size}}", name))
    listed = docker("run", "--rm", "--pull", "never", "--network", "none", name, "python", "-P", "-c", _LIST)
    return Contents(size, tuple(listed.splitlines()))

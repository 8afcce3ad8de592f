"""The models a process serves, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition

from containers.algorithm import Algorithm, Model
from containers.serving.errors import ServingError
from containers.serving.resources import free_memory
from containers.settings import ServeSettings


@dataclass(slots=True)
class Entry:
    """A loaded model. `users` counts the requests it is answering now."""

    model: Model
    url: str
    users: int = field(default=0, compare=False)


class Registry:
    """Loads, hands out and unloads models; safe to use from many threads.

    A request keeps the model it began with: `use` looks the name up once, and `unload` waits until nobody uses the model, so
    that its memory is free when it returns.
    """

    def __init__(self, algorithm: Algorithm, settings: ServeSettings) -> None:
        self._algorithm = algorithm
        self._settings = settings
        self._entries: dict[str, Entry] = {}
        self._loading: dict[str, int] = {}  # name to the bytes it is going to take
        self._changed = Condition()

    def load(self, name: str, directory: Path, url: str = "") -> None:
        """Load a model under a name.

        Raises
        ------
        ServingError
            409: the name is taken; 507: there is no room for another model.
        UserError
            The files are not a model of this algorithm.
        """
        with self._changed:
            if name in self._entries or name in self._loading:
                raise ServingError(409, f"Model {name} is already registered.")
            self._loading[name] = self._check_room(directory)
        entry = None
        try:
            entry = Entry(self._algorithm.load(directory, self._settings), url)  # may take long: others are served meanwhile
        except MemoryError:
            raise ServingError(507, f"Model {name} does not fit into memory.") from None
        finally:
            with self._changed:  # at once, so that nobody sees the model twice, or not at all
                del self._loading[name]
                if entry is not None:
                    self._entries[name] = entry

    @contextmanager
    def use(self, name: str) -> Iterator[Model]:
        """The model of that name, kept while the block runs.

        Raises
        ------
        ServingError
            404: there is none.
        """
        with self._changed:
            entry = self._find(name)
            entry.users += 1
        try:
            yield entry.model
        finally:
            with self._changed:
                entry.users -= 1
                if not entry.users:
                    self._changed.notify_all()

    def unload(self, name: str) -> None:
        """Forget a model; returns when the last request that uses it is answered.

        Raises
        ------
        ServingError
            404: there is none.
        """
        with self._changed:
            entry = self._find(name)
            del self._entries[name]
            self._changed.wait_for(lambda: not entry.users)

    def url(self, name: str) -> str:
        """Where a model was loaded from; raises as `use`."""
        with self._changed:
            return self._find(name).url

    def urls(self) -> dict[str, str]:
        """Name of every loaded model, sorted, and where it was loaded from."""
        with self._changed:
            return {name: self._entries[name].url for name in sorted(self._entries)}

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def _find(self, name: str) -> Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise ServingError(404, f"Model not found: {name}") from None

    def _check_room(self, directory: Path) -> int:
        """Bytes that a model will take at least: what its files take on disk. Those still being loaded have theirs reserved."""
        limit = self._settings.max_models
        if limit is not None and len(self._entries) + len(self._loading) >= limit:
            raise ServingError(507, f"{limit} models are loaded, and DRYDOCK_MAX_MODELS allows no more.")
        size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        free = max(0, free_memory() - sum(self._loading.values()))
        if size > free:
            raise ServingError(507, f"The model takes {size} bytes, and {free} bytes of memory are free.")
        return size

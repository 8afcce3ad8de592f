import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager

import pytest

from containers.serving.errors import ServingError
from containers.serving.registry import Registry
from containers.serving.resources import cores, free_memory
from containers.settings import ServeSettings
from tests.containers.served import drydock_served
from tests.containers.serving import wait_until, write_model


@pytest.fixture
def registry(tmp_path):
    return Registry(drydock_served.algorithm, ServeSettings.read({}, tmp_path))


def test_unload_waits_for_the_requests_that_use_the_model(registry, tmp_path):
    registry.load("a", write_model(tmp_path / "a", 1))

    with ThreadPoolExecutor(1) as pool, registry.use("a") as model:
        unloading = pool.submit(registry.unload, "a")
        wait_until(lambda: "a" not in registry)
        with pytest.raises(ServingError, match="Model not found: a"), registry.use("a"):
            pass
        assert not unloading.done()
        assert model.codec  # still there for the request that has it
    unloading.result(timeout=20)


@contextmanager
def loading(registry, name, directory, monkeypatch):
    """The block runs while `name` is being loaded; afterwards it is loaded."""
    begun, go_on = threading.Event(), threading.Event()
    load = drydock_served.Algorithm.load

    def slow(self, *arguments):
        begun.set()
        assert go_on.wait(20)
        return load(self, *arguments)

    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(drydock_served.Algorithm, "load", slow)
        first = pool.submit(registry.load, name, directory)
        assert begun.wait(20)
        monkeypatch.setattr(drydock_served.Algorithm, "load", load)
        try:
            yield
        finally:
            go_on.set()
        first.result(timeout=20)


def test_of_two_loads_of_one_name_at_once_one_wins(registry, tmp_path, monkeypatch):
    directory = write_model(tmp_path / "a", 1)

    with loading(registry, "a", directory, monkeypatch), pytest.raises(ServingError, match=r"Model a is already") as error:
        registry.load("a", directory)

    assert error.value.status == 409
    assert registry.urls() == {"a": ""}


def test_a_model_that_is_being_loaded_has_its_memory_reserved(registry, tmp_path, monkeypatch):
    directory = write_model(tmp_path / "a", 1)
    size = (directory / "weights.json").stat().st_size
    monkeypatch.setattr("containers.serving.registry.free_memory", lambda: 2 * size - 1)

    with loading(registry, "a", directory, monkeypatch):
        with pytest.raises(ServingError, match=f"takes {size} bytes, and {size - 1} bytes of memory are free") as error:
            registry.load("b", directory)
        assert error.value.status == 507
    registry.load("b", directory)  # what is loaded no longer counts beside the memory that it has taken

    assert list(registry.urls()) == ["a", "b"]


def test_a_model_that_is_loaded_no_longer_counts_as_loading(tmp_path, monkeypatch):
    registry = Registry(drydock_served.algorithm, ServeSettings.read({"DRYDOCK_MAX_MODELS": "2"}, tmp_path))
    directory = write_model(tmp_path / "a", 1)
    seconds = []

    class Entries(dict):
        """Lets a second load go as far as it gets at the moment when the first model is entered."""

        def __setitem__(self, name, entry):
            super().__setitem__(name, entry)
            if not seconds:
                seconds.append(pool.submit(registry.load, "b", directory))
                wait(seconds, timeout=0.2)

    monkeypatch.setattr(registry, "_entries", Entries())
    with ThreadPoolExecutor(1) as pool:
        registry.load("a", directory)
        seconds[0].result(timeout=20)

    assert list(registry.urls()) == ["a", "b"]


def test_cores_heed_the_limit_of_the_container(tmp_path):
    allowed = len(os.sched_getaffinity(0))
    assert cores(tmp_path / "none") == allowed
    for quota, expected in (("max 100000", allowed), ("50000 100000", 1), ("9900000 100000", allowed)):
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
        assert cores(tmp_path) == expected


def test_free_memory_heeds_the_limit_of_the_container(tmp_path):
    assert free_memory(tmp_path, tmp_path / "none") == sys.maxsize
    (tmp_path / "meminfo").write_text("MemTotal:  9000 kB\nMemAvailable:   4000 kB\n")
    assert free_memory(tmp_path / "none", tmp_path / "meminfo") == 4_096_000
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 500000\n")
    for limit, expected in (("max", 4_096_000), ("4000000", 1_500_000), ("99000000", 4_096_000)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert free_memory(tmp_path, tmp_path / "meminfo") == expected

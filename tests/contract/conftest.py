"""What the tests share: jobs, trained models, and servers of them."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.containers.serving import Server
from tests.contract.case import Case
from tests.contract.job import Job, factory


@pytest.fixture
def make_job(tmp_path: Path) -> Iterator[Callable[..., Job]]:
    """`make_job(case, **hyperparameters)`: a job without channels, not yet started."""
    yield from factory(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Case], Job]]:
    """`trained(case)`: the job of a case, run once for all tests; do not change its directory."""

    @cache
    def train(case: Case) -> Job:
        job = make(case).config("profilerconfig", {"ProfilingIntervalInMilliseconds": 500}).config("unheard-of", [])
        return job.data(case.content_types[-1]).run()

    jobs = factory(tmp_path_factory.mktemp("trained"))
    make = next(jobs)
    yield train
    next(jobs, None)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, trained: Callable[[Case], Job]) -> Iterator[Callable[[Case], Server]]:
    """`served(case)`: a server of the model of a case, beside which lie files that are none of it."""
    servers: list[Server] = []

    @cache
    def serve(case: Case) -> Server:
        root = tmp_path_factory.mktemp("served")
        shutil.copytree(trained(case).root / "model", root / "model")
        for stranger in ("model.tar.gz", "output.tar.gz", "notes.txt"):
            (root / "model" / stranger).write_bytes(b"\x00 no model")
        servers.append(Server(root, algorithm=case.algorithm_name, environ={"MODEL_SERVER_WORKERS": "1"}))
        return servers[-1].ready()

    yield serve
    for server in servers:
        server.close()

"""Text to arrays: our readers against the loader inside ``xgboost.DMatrix(uri)`` and pyarrow, in turn on the same files.

Ours and pyarrow's end with one float32 matrix, or CSR, and the labels. All read files that the kernel holds in memory, with the
threads they choose by themselves. The first round, in which ours loads numba, does not count.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from containers.batch import Batch
from containers.channels import Part
from containers.content import tabular
from containers.content.rebatch import join
from containers.media import CSV, LIBSVM, MediaType
from tests import environment
from tests.benchmarks.datasets import sgemm
from tests.benchmarks.peers import Peer, Sample, clock, in_turn

REQUIREMENTS = ("xgboost-cpu>=3.1,<4", "pyarrow>=20")
#: Long files, for which the readers are made; shorter ones take less time than their libraries to import.
FILE_BYTES = 150 << 20
REPETITIONS = 7


def measure() -> list[dict[str, str]]:
    """MB/s of each reader, for integers, six and seventeen digits, as CSV and as libsvm text."""
    python = environment.interpreter("bench-xgboost-loading", REQUIREMENTS)
    with tempfile.TemporaryDirectory() as name:
        files = list(_write(Path(name)))
        with Peer(python, Path(__file__).with_name("loading_peer.py"), name) as peer:
            return [_compare(case, path, peer) for case, path in files]


def _write(folder: Path) -> Iterator[tuple[str, Path]]:
    """A file for each kind of number and format; the same rows over and over, until the file is long enough."""
    data = sgemm()
    floats = np.random.default_rng(0).normal(size=data.x.shape)
    for kind, features, form in (
        ("sgemm, integers", data.x.astype(int).tolist(), "{}"),
        ("normal, 6 digits", floats.tolist(), "{:.6g}"),
        ("normal, 17 digits", floats.tolist(), "{!r}"),
    ):
        cells = [[form.format(value) for value in row] for row in features[:50_000]]
        labels = [f"{label:.6g}" for label in data.y.tolist()]
        texts = {
            "csv": "".join(f"{label},{','.join(row)}\n" for label, row in zip(labels, cells, strict=False)),
            "libsvm": "".join(
                f"{label} {' '.join(f'{index}:{value}' for index, value in enumerate(row))}\n"
                for label, row in zip(labels, cells, strict=False)
            ),
        }
        for extension, text in texts.items():
            path = folder / f"{form.strip('{}').strip(':!.') or 'integer'}.{extension}"
            content = text.encode()
            with path.open("wb") as file:
                for _ in range(-(-FILE_BYTES // len(content))):
                    file.write(content)
            yield f"{extension}, {kind}", path


def _read(path: Path) -> Batch:
    media = MediaType(CSV if path.suffix == ".csv" else LIBSVM)
    return join(list(tabular.read([Part(path.name, path.open("rb"))], media, rows=1 << 16)))


def _compare(case: str, path: Path, peer: Peer) -> dict[str, str]:
    readers = {"ours": lambda: clock(lambda: _read(path)), "dmatrix": lambda: peer.seconds(f"dmatrix {path.name}")}
    if path.suffix == ".csv":
        readers["pyarrow"] = lambda: peer.seconds(f"pyarrow {path.name}")
    seconds = in_turn(REPETITIONS, **readers)
    megabytes = path.stat().st_size / 1e6
    ratio = Sample([their / our for our, their in zip(seconds["ours"].values, seconds["dmatrix"].values, strict=True)])
    return {
        "MB/s, median (lowest–highest)": case,
        "drydock": seconds["ours"].per(megabytes).format(),
        "xgboost.DMatrix(uri)": seconds["dmatrix"].per(megabytes).format(),
        "pyarrow": seconds["pyarrow"].per(megabytes).format() if "pyarrow" in seconds else "",
        "times as fast as DMatrix": ratio.format(1),
    }

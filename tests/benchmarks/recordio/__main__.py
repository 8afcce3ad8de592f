"""``python -m tests.benchmarks.recordio``: reading and writing against the SageMaker SDK, in one run on the same data.

Everything is in memory, theirs and ours: streams are `io.BytesIO`. Reading ends with numpy arrays or a CSR matrix, and labels.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import sparse

import recordio
from tests import environment
from tests.benchmarks.peers import Peer, Sample, clock, in_turn, machine, table

REQUIREMENTS = ("sagemaker>=2.257,<3", "scipy>=1.15,<2")
ROWS, COLUMNS, DENSITY = 20_000, 784, 0.1
REPETITIONS = 11


def main() -> None:
    python = environment.interpreter("bench-recordio", REQUIREMENTS)
    rng = np.random.default_rng(0)
    dense = rng.random((ROWS, COLUMNS), np.float32)
    csr = sparse.random_array((ROWS, COLUMNS), density=DENSITY, format="csr", dtype=np.float32, rng=rng)
    labels = rng.integers(0, 10, ROWS).astype(np.float32)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "dense.npy", dense)
        np.save(folder / "labels.npy", labels)
        sparse.save_npz(folder / "sparse.npz", csr)
        with Peer(python, Path(__file__).with_name("peer.py"), folder) as peer:
            rows = []
            for kind, features in (("dense", dense), ("sparse", csr)):
                content = (folder / f"{kind}.rec").read_bytes()
                if recordio.encode(features, labels) != content:
                    raise SystemExit(f"{kind}: our bytes are not the SDK's")
                rows += [
                    _compare(f"read_{kind}", peer, len(content), lambda content=content: recordio.read(io.BytesIO(content))),
                    _compare(f"write_{kind}", peer, len(content), lambda features=features: _write(features, labels)),
                ]
    print(table(rows))
    print(f"\n{ROWS:,} × {COLUMNS} float32 with a label; sparse: {DENSITY:.0%} filled. {REPETITIONS} repetitions in turn.")
    print(machine())


def _write(features: object, labels: object) -> io.BytesIO:
    stream = io.BytesIO()
    recordio.write(stream, features, labels)
    return stream


def _compare(case: str, peer: Peer, size: int, ours: Callable[[], object]) -> dict[str, str]:
    seconds = in_turn(REPETITIONS, ours=lambda: clock(ours), sdk=lambda: peer.seconds(case))
    ratio = Sample([sdk / our for our, sdk in zip(seconds["ours"].values, seconds["sdk"].values, strict=True)])
    return {
        "MB/s, median (lowest–highest)": case.replace("_", " "),
        "recordio": seconds["ours"].per(size / 1e6).format(),
        "SageMaker SDK": seconds["sdk"].per(size / 1e6).format(1),
        "times as fast": ratio.format(1),
    }


if __name__ == "__main__":
    main()

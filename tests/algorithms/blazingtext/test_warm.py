"""What an image compiles is all that is ever compiled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tests

PROGRAM = """
import shutil, sys
from pathlib import Path
from algorithms.blazingtext.codec import Request
from algorithms.blazingtext.model import FastTextModel
from algorithms.blazingtext.training import check, fit
from tests.algorithms.blazingtext.golden import HERE
from tests.algorithms.blazingtext.publishing import make_job, reported

root = Path(sys.argv[1])
lines = "".join(f"__label__{n % 3} __label__{n % 5} word{n % 3} word{n % 5} héllo word{n % 7}\\n" for n in range(30_000))
jobs = [
    {"mode": "batch_skipgram"}, {"mode": "skipgram"}, {"mode": "cbow", "subwords": True, "buckets": 100},
    {"mode": "supervised", "early_stopping": True, "buckets": 100}, {"mode": "supervised", "word_ngrams": 1},
]
for number, values in enumerate(jobs):
    supervised = values["mode"] == "supervised"
    files = {"train": lines, "validation": lines[:9000]} if supervised else {"train": lines}
    job = make_job(root / str(number), files=files, vector_dim=20, **values)
    check(job)
    reported(job, lambda report: fit(job, report))
    FastTextModel.load(job.model_dir).predict(Request(["word1 nobody", "hé"], [1, 2]))
for path in sorted([*HERE.glob("*.bin"), *HERE.glob("*.ftz")]):
    (root / path.stem).mkdir()
    shutil.copy(path, root / path.stem / "model.bin")
    FastTextModel.load(root / path.stem).predict(Request(["ship", "moon wave"], [3, 1]))
"""


@pytest.mark.slow
def test_after_warm_nothing_is_compiled_in_any_mode_and_for_any_model(tmp_path):
    cache = tmp_path / "cache"
    environ = os.environ | {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(Path(tests.__file__).parents[1])}

    def kept():
        return {path.name: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}

    subprocess.run([sys.executable, "-m", "containers.warm", "--algorithm", "blazingtext"], env=environ, check=True)
    compiled = kept()
    assert compiled
    (tmp_path / "jobs").mkdir()
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path / "jobs")], env=environ, check=True)
    assert kept() == compiled

"""`drydock convert`: every format to every other one, in pieces, and nothing half-written."""

import gzip
import io
import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from click.testing import CliRunner

import recordio
from containers.errors import UserError
from local_mode.cli import main
from local_mode.convert import convert, readers, rows

SUFFIXES = [".csv", ".libsvm", ".npy", ".npz", ".pbr"]
X = np.array([[1.5, 0, -2], [0, 0, 0], [1e-30, 3.4e38, 0.1], [7, 8, 9]], np.float32)
Y = np.array([0, 1, 1, 2.5], np.float32)


def read(path: Path, labels: int = 1) -> tuple[np.ndarray, np.ndarray | None]:
    """What a file holds, read without any code under test."""
    if path.suffix == ".csv":
        table = np.loadtxt(path, np.float32, delimiter=",", ndmin=2)
    elif path.suffix == ".npy":
        table = np.load(path)
    elif path.suffix == ".npz":
        with np.load(path) as archive:
            features = scipy.sparse.load_npz(path).toarray() if "indptr" in archive else archive["X"]
            return features, archive["y"] if labels else None
    elif path.suffix == ".libsvm":
        from sklearn.datasets import load_svmlight_file

        features, found = load_svmlight_file(str(path), n_features=3, zero_based=True, dtype=np.float32)
        return features.toarray(), found.astype(np.float32)
    else:
        batch = recordio.read(path)
        features = batch.values if isinstance(batch.values, np.ndarray) else batch.values.toarray()
        return features, batch.label.reshape(len(batch), -1)[:, 0] if labels else None
    return table[:, labels:], table[:, 0] if labels else None


def write(path: Path) -> Path:
    """`X` and `Y` in the format of the suffix, written without any code under test."""
    if path.suffix == ".csv":
        np.savetxt(path, np.column_stack([Y, X]), "%.9g", ",")
    elif path.suffix == ".npy":
        np.save(path, np.column_stack([Y, X]))
    elif path.suffix == ".npz":
        np.savez(path, X=X, y=Y)
    elif path.suffix == ".libsvm":
        from sklearn.datasets import dump_svmlight_file

        dump_svmlight_file(X, Y, str(path), zero_based=True)
    else:
        recordio.write(path, X, Y)
    return path


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows at a time, so that a few rows make several pieces."""
    monkeypatch.setattr(rows, "ROWS", 2)
    monkeypatch.setattr(readers, "ROWS", 2)


@pytest.mark.parametrize(("source", "target"), list(itertools.product(SUFFIXES, SUFFIXES)))
def test_every_format_to_every_other(tmp_path, small_pieces, source, target):
    assert convert(write(tmp_path / f"source{source}"), tmp_path / f"target{target}") == len(X)
    features, labels = read(tmp_path / f"target{target}")
    np.testing.assert_array_equal(features, X)
    np.testing.assert_array_equal(labels, Y)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"source{source}", f"target{target}"]


@pytest.mark.parametrize("target", [".libsvm", ".npz", ".pbr"])
@pytest.mark.parametrize("source", [".libsvm", ".npz", ".pbr"])
def test_sparse_rows_stay_sparse(tmp_path, small_pieces, source, target):
    wide = scipy.sparse.csr_array(([1.0, 2.0, 3.0], ([0, 0, 2], [5, 3_000_000, 0])), shape=(3, 3_000_001), dtype=np.float32)
    first = tmp_path / "wide.pbr"
    recordio.write(first, wide, np.array([1, 0, 1], np.float32))
    convert(first, tmp_path / f"source{source}")
    convert(tmp_path / f"source{source}", tmp_path / f"target{target}")
    convert(tmp_path / f"target{target}", tmp_path / "last.npz")
    assert (scipy.sparse.load_npz(tmp_path / "last.npz") != wide).nnz == 0
    with np.load(tmp_path / "last.npz") as archive:
        assert archive["y"].tolist() == [1, 0, 1]


def test_scipys_own_compressed_archive_is_read(tmp_path):
    matrix = scipy.sparse.random_array((50, 20), density=0.2, format="csr", rng=np.random.default_rng(1))
    scipy.sparse.save_npz(tmp_path / "a.npz", matrix)
    assert convert(tmp_path / "a.npz", tmp_path / "b.csv", labels=0) == 50
    np.testing.assert_array_equal(read(tmp_path / "b.csv", labels=0)[0], matrix.toarray().astype(np.float32))


@pytest.mark.parametrize("target", [".csv", ".npy", ".npz", ".pbr"])
def test_rows_without_labels(tmp_path, target):
    np.save(tmp_path / "x.npy", X)
    convert(tmp_path / "x.npy", tmp_path / f"x{target}" if target != ".npy" else tmp_path / "again.npy", labels=0)
    features, labels = read(tmp_path / ("again.npy" if target == ".npy" else f"x{target}"), labels=0)
    np.testing.assert_array_equal(features, X)
    assert labels is None


def test_several_labels(tmp_path):
    np.save(tmp_path / "table.npy", np.column_stack([Y, Y + 1, X]))
    convert(tmp_path / "table.npy", tmp_path / "table.pbr", labels=2)
    np.testing.assert_array_equal(recordio.read(tmp_path / "table.pbr").label, np.column_stack([Y, Y + 1]))


def test_a_column_major_array(tmp_path):
    np.save(tmp_path / "table.npy", np.asfortranarray(np.column_stack([Y, X])))
    convert(tmp_path / "table.npy", tmp_path / "table.csv")
    np.testing.assert_array_equal(read(tmp_path / "table.csv")[0], X)


def test_missing_values_and_gzip(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"1,,2\n0,3,\n"))
    convert(tmp_path / "a.csv.gz", tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive["X"], [[np.nan, 2], [3, np.nan]])
    convert(tmp_path / "a.npz", tmp_path / "b.csv")
    assert (tmp_path / "b.csv").read_text() == "1,nan,2\n0,3,nan\n"


def test_the_first_feature_of_libsvm_text(tmp_path):
    (tmp_path / "one.libsvm").write_text("1 1:5 3:7\n")
    convert(tmp_path / "one.libsvm", tmp_path / "zero.csv", index_base=1)
    assert (tmp_path / "zero.csv").read_text() == "1,5,0,7\n"
    convert(tmp_path / "zero.csv", tmp_path / "again.libsvm", index_base=1)
    assert (tmp_path / "again.libsvm").read_text() == "1 1:5 3:7\n"


BAD = {
    "text.csv": (b"1,2\n3,x\n", r"text\.csv, line 2, column 2: expected a finite number"),
    "header.csv": (b"y,x\n1,2\n", r"header\.csv, line 1: a header row"),
    "empty.csv": (b"", r"empty\.csv: there are no rows in it"),
    "cut.pbr": (b"\x0a\x23\xd7\xce\xff\x00\x00\x00", r"cut\.pbr: record 0 at byte 0"),
    "no.npy": (b"not numpy at all", r"no\.npy: not an npy array"),
    "no.npz": (b"not a zip", r"no\.npz: not a readable npz archive"),
    "what.dat": (b"1,2\n", r"what\.dat: the suffix tells no format"),
}


def npy_header(shape: tuple[int, ...], column_major: bool) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": column_major, "shape": shape})
    return out.getvalue()


@pytest.mark.parametrize("column_major", [False, True])
@pytest.mark.parametrize("shape", [(10**15, 2), (2, 10**15)])
def test_a_header_may_claim_what_it_likes(tmp_path, shape, column_major):
    (tmp_path / "a.npy").write_bytes(npy_header(shape, column_major) + b"1234" * 100)
    with pytest.raises(UserError, match=r"a\.npy: the file ends before the array of shape"):
        convert(tmp_path / "a.npy", tmp_path / "a.csv")


@pytest.mark.parametrize("name", BAD)
def test_bad_sources_are_named_and_leave_nothing(tmp_path, name):
    content, message = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        convert(tmp_path / name, tmp_path / "target.csv")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def bad_arrays(directory: Path) -> dict[str, Path]:
    paths = {name: directory / f"{name}.npz" for name in ("no_y", "short_y", "csc", "pointers", "columns", "words", "huge")}
    matrix = scipy.sparse.csr_array(X)
    csr = {"data": matrix.data, "indices": matrix.indices, "shape": matrix.shape, "format": np.array(b"csr"), "y": Y}
    np.savez(paths["no_y"], X=X)
    np.savez(paths["short_y"], X=X, y=Y[:2])
    scipy.sparse.save_npz(paths["csc"], scipy.sparse.csc_array(X))
    np.savez(paths["pointers"], **csr, indptr=matrix.indptr[::-1])
    np.savez(paths["columns"], **csr | {"indices": matrix.indices + 1}, indptr=matrix.indptr)
    np.savez(paths["words"], X=np.array([["a", "b"]]), y=Y[:1])
    np.savez(paths["huge"], X=np.array([[1e300]]), y=Y[:1])
    return paths


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_y", "expected an array 'y', found X"),
        ("short_y", r"array y: expected 1 a row for 4 rows, got the shape \(2,\)"),
        ("csc", "expected a matrix in CSR form, got b'csc'"),
        ("pointers", "array indptr: expected numbers that rise from 0"),
        ("columns", "expected column indices from 0 to 2"),
        ("words", "expected an array of numbers, got one of <U1"),
        ("huge", r"expected finite float32 numbers, got 1e\+300"),
    ],
)
def test_bad_archives(tmp_path, name, message):
    with pytest.raises(UserError, match=message):
        convert(bad_arrays(tmp_path)[name], tmp_path / "target.pbr")
    assert not (tmp_path / "target.pbr").exists()


def test_a_target_that_cannot_hold_the_rows(tmp_path):
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(UserError, match="libsvm text holds one label a row"):
        convert(tmp_path / "x.npy", tmp_path / "x.libsvm", labels=0)


def test_the_command(tmp_path):
    write(tmp_path / "a.csv")
    runner = CliRunner()
    result = runner.invoke(main, ["convert", str(tmp_path / "a.csv"), str(tmp_path / "b.data"), "--to", "recordio"])
    assert result.exit_code == 0, result.output
    assert "4 rows" in result.output
    assert len(recordio.read(tmp_path / "b.data")) == 4
    result = runner.invoke(main, ["convert", str(tmp_path / "a.csv"), str(tmp_path / "b.data")])
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "b.data: the suffix tells no format" in result.output


PEAK = """
import resource, sys
from pathlib import Path
from local_mode.convert import convert
convert(Path(sys.argv[1]), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("source", "target"), [(".npy", ".pbr"), (".pbr", ".npz"), (".npz", ".npy")])
def test_memory_does_not_grow_with_the_file(tmp_path, source, target):
    def peak(rows: int) -> int:
        table, path = np.zeros((rows, 256), np.float32), tmp_path / f"{rows}.npy"
        np.save(path, table)
        if source != ".npy":
            convert(path, path := tmp_path / f"{rows}{source}")
        command = [sys.executable, "-c", PEAK, str(path), str(tmp_path / f"{rows}-out{target}")]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert peak(200_000) < peak(20_000) + 100  # MB; the larger file has 195

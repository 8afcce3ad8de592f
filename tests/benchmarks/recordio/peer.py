"""The SageMaker SDK's reader and writer, in its own environment. Reads the arrays of `folder`, leaves its bytes there."""

import io
import sys
import time
from pathlib import Path

import numpy as np
import sagemaker.amazon.common as sdk
from scipy import sparse

folder = Path(sys.argv[1])
dense, labels = np.load(folder / "dense.npy"), np.load(folder / "labels.npy")
csr = sparse.csr_matrix(sparse.load_npz(folder / "sparse.npz"))  # the SDK wants the matrix, not the array


def write_dense():
    stream = io.BytesIO()
    sdk.write_numpy_to_dense_tensor(stream, dense, labels)
    return stream


def write_sparse():
    stream = io.BytesIO()
    sdk.write_spmatrix_to_sparse_tensor(stream, csr, labels)
    return stream


def _labels(records):
    return np.array([record.label["values"].float32_tensor.values[0] for record in records], np.float32)


def read_dense():
    records = sdk.read_records(dense_stream)
    return np.array([record.features["values"].float32_tensor.values for record in records], np.float32), _labels(records)


def read_sparse():
    records = sdk.read_records(sparse_stream)
    tensors = [record.features["values"].float32_tensor for record in records]
    values = np.concatenate([np.array(tensor.values, np.float32) for tensor in tensors])
    keys = np.concatenate([np.array(tensor.keys, np.int32) for tensor in tensors])
    ends = np.cumsum([0, *(len(tensor.values) for tensor in tensors)])
    return sparse.csr_matrix((values, keys, ends), shape=(len(tensors), tensors[0].shape[0])), _labels(records)


dense_stream, sparse_stream = write_dense(), write_sparse()
(folder / "dense.rec").write_bytes(dense_stream.getvalue())
(folder / "sparse.rec").write_bytes(sparse_stream.getvalue())
print("peer: ready", flush=True)

for line in sys.stdin:
    dense_stream.seek(0)
    sparse_stream.seek(0)
    begin = time.perf_counter()
    result = globals()[line.strip()]()
    print(f"peer: {time.perf_counter() - begin}", flush=True)
    del result

"""The loaders of xgboost and pyarrow, in their own environment, on the files of a folder."""

import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import xgboost

folder = Path(sys.argv[1])


def dmatrix(path):
    form = "csv&label_column=0" if path.suffix == ".csv" else "libsvm"
    return xgboost.DMatrix(f"{path}?format={form}")


def pyarrow(path):
    columns = path.open().readline().count(",") + 1
    names = [str(column) for column in range(columns)]
    table = pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(column_names=names),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32())),
    )
    return np.stack([column.to_numpy() for column in table.columns[1:]], 1), table.columns[0].to_numpy()


print("peer: ready", flush=True)

for line in sys.stdin:
    reader, name = line.split()
    begin = time.perf_counter()
    result = globals()[reader](folder / name)
    print(f"peer: {time.perf_counter() - begin}", flush=True)
    del result

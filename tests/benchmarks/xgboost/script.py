"""What a job is measured against: the fastest loader there is, and xgboost; ``script.py FILE ROUNDS MODEL``."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import xgboost

path, rounds, model = sys.argv[1:]
with Path(path).open() as file:
    names = [str(column) for column in range(file.readline().count(",") + 1)]
table = pa.csv.read_csv(
    path,
    read_options=pa.csv.ReadOptions(column_names=names),
    convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float32())),
)
features = np.stack([column.to_numpy() for column in table.columns[1:]], axis=1)
data = xgboost.QuantileDMatrix(features, table.columns[0].to_numpy())
evals = [(data, "train")]
booster = xgboost.train({"objective": "reg:squarederror"}, data, int(rounds), evals=evals, verbose_eval=True)
booster.save_model(model)

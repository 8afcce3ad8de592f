"""Makes the files beside it: models as an old release of xgboost saves and pickles them, and what it predicts with them.

python make.py      under xgboost 0.90, 1.2.1, 1.3.3, 1.7.6 and 2.1.4 in turn, with numpy 1.23; writes the folder of its version
"""

import json
import pickle
from pathlib import Path

import numpy as np
import xgboost as xgb

VERSION = tuple(int(part) for part in xgb.__version__.split(".")[:2])
CASES = {
    "logistic": {"objective": "binary:logistic", "base_score": 0.3},
    "logitraw": {"objective": "binary:logitraw"},
    "softprob": {"objective": "multi:softprob", "num_class": 3},
    "poisson": {"objective": "count:poisson", "base_score": 2},
    "dart": {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.5, "one_drop": 1},
    "gblinear": {"objective": "reg:squarederror", "booster": "gblinear"},
    "pruned": {"objective": "reg:squarederror", "tree_method": "exact", "gamma": 30, "max_depth": 4},
    "stopped": {"objective": "reg:squarederror", "subsample": 0.5, "eta": 1.7},
    "forest": {"objective": "reg:squarederror", "subsample": 0.5, "eta": 1.5, "num_parallel_tree": 2},
}
STOPPED = ("stopped", "forest")
#: What is kept of each release; a name with .pkl is pickled.
KEPT = {
    (0, 90): ["logistic", "logitraw", "softprob", "poisson", "dart", "gblinear", "pruned", "stopped", "logistic.pkl"],
    (1, 2): ["logistic", "logitraw", "logistic.pkl", "forest.pkl"],
    (1, 3): ["logistic", "logitraw", "logistic.pkl"],
    (1, 7): ["logistic", "logitraw", "softprob", "poisson", "dart", "gblinear", "pruned", "stopped", "forest", "logistic.pkl"],
    (2, 1): ["logistic", "stopped", "logistic.pkl"],
}


def main():
    folder = Path(__file__).parent / xgb.__version__
    folder.mkdir(exist_ok=True)
    random = np.random.RandomState(0)
    x = random.randint(0, 9, (300, 4)).astype(np.float32) / 2
    y = x[:, 0] + x[:, 1] * x[:, 2] / 3
    x[random.rand(*x.shape) < 0.15] = np.nan
    labels = {"poisson": np.round(y), "softprob": np.digitize(y, [2, 4])}
    rows = xgb.DMatrix(x[:6])
    predictions = {}
    for kept in KEPT[VERSION]:
        name = kept.partition(".")[0]
        kind = CASES[name]["objective"]
        label = labels.get(name, (y > 3).astype(float) if kind.startswith("binary:") else y)
        data = xgb.DMatrix(x, label)
        stopped = {"evals": [(data, "train")], "early_stopping_rounds": 1, "verbose_eval": False} if name in STOPPED else {}
        booster = xgb.train({"max_depth": 2, "seed": 1, **CASES[name]}, data, 8 if stopped else 3, **stopped)
        booster.set_attr(note="kept")
        if kept == name:
            booster.save_model(str(folder / kept))
        else:
            (folder / kept).write_bytes(pickle.dumps(booster))
        if VERSION >= (1, 4):
            best = {"iteration_range": (0, booster.best_iteration + 1)} if stopped else {}
        else:  # without a limit 0.90 drops trees of dart when it predicts, too
            best = {"ntree_limit": booster.best_ntree_limit if stopped else 0 if name == "gblinear" else 999}
        predictions[kept] = booster.predict(rows, **best).tolist()
    missing = [[None if np.isnan(value) else float(value) for value in row] for row in x[:6]]
    (folder / "expected.json").write_text(json.dumps({"rows": missing, "predictions": predictions}))


if __name__ == "__main__":
    main()

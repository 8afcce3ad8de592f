"""scikit-learn on the same arrays. Runs in its own environment, so it imports nothing of ours.

    python peer.py DIRECTORY            answers each name read from standard input with the seconds of SGDClassifier.fit
    python peer.py DIRECTORY NAME...    prints the quality of LogisticRegression or Ridge as JSON

DIRECTORY holds NAME.npz with x, y, x_test, y_test and regressor.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.preprocessing import StandardScaler


def load(directory, name):
    with np.load(directory / f"{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def time_training(directory, names):
    scaled = {}
    print("peer: ready", flush=True)
    for name in map(str.strip, names):
        if name not in scaled:
            data = load(directory, name)
            scaled[name] = StandardScaler().fit_transform(data["x"]), data["y"]
        model = SGDClassifier(loss="log_loss", max_iter=15, tol=None, random_state=0)
        begin = time.perf_counter()
        model.fit(*scaled[name])
        print(f"peer: {time.perf_counter() - begin}", flush=True)


def quality(data):
    scaler = StandardScaler().fit(data["x"])
    x, x_test = scaler.transform(data["x"]), scaler.transform(data["x_test"])
    if data["regressor"]:
        error = Ridge().fit(x, data["y"]).predict(x_test) - data["y_test"]
        return {"rmse": float(np.sqrt(np.mean(error**2)))}
    model = LogisticRegression(max_iter=200).fit(x, data["y"])
    scores = model.predict_proba(x_test)
    area = roc_auc_score(data["y_test"], scores if scores.shape[1] > 2 else scores[:, 1], multi_class="ovr")
    return {"accuracy": float(accuracy_score(data["y_test"], scores.argmax(axis=1))), "auc": float(area)}


def main():
    directory, *names = Path(sys.argv[1]), *sys.argv[2:]
    if names:
        print(json.dumps({name: quality(load(directory, name)) for name in names}))
    else:
        time_training(directory, sys.stdin)


if __name__ == "__main__":
    main()

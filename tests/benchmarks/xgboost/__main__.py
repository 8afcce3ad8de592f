"""XGBoost against the plain library.

    python -m tests.benchmarks.xgboost [training] [loading] [serving]

reads the data sets under DRYDOCK_DATA and prints Markdown tables; `make bench-xgboost` runs all three.
"""

import sys

from tests.benchmarks import peers
from tests.benchmarks.xgboost import loading, serving, training

PARTS = {"training": training.measure, "loading": loading.measure, "serving": serving.measure}

for part in sys.argv[1:] or PARTS:
    print(f"\n## {part}\n\n{peers.table(PARTS[part]())}", flush=True)
print(f"\n{peers.machine()}")

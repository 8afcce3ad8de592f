"""BlazingText against gensim and fastText.

    python -m tests.benchmarks.blazingtext [words] [supervised] [serving]

reads the data sets under DRYDOCK_DATA and prints Markdown tables; `make bench-blazingtext` runs all three.
"""

import sys

from tests.benchmarks import peers
from tests.benchmarks.blazingtext import serving, supervised, words

PARTS = {"words": words.measure, "supervised": supervised.measure, "serving": serving.measure}

for part in sys.argv[1:] or PARTS:
    print(f"\n## {part}\n\n{peers.table(PARTS[part]())}", flush=True)
print(f"\n{peers.machine()}")

"""Files that fastText has written, and what its own package answers with them; see `make.py`."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANSWERS: dict[str, Any] = json.loads((HERE / "expected.json").read_text("utf-8"))
SENTENCES: list[str] = ANSWERS["sentences"]
WORDS: list[str] = ANSWERS["words"]
EXPECTED: dict[str, Any] = ANSWERS["expected"]
VECTORS = tuple(name for name in EXPECTED if "words" in name)
CLASSIFIERS = tuple(name for name in EXPECTED if name not in VECTORS)

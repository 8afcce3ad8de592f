"""TensorFlow, imported late and quietly: `train` must refuse a bad hyperparameter before it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


def import_tensorflow() -> ModuleType:
    """The `tensorflow` module; every place that trains a network gets it from here.

    Its start-up notices are left out, unless the user has set ``TF_CPP_MIN_LOG_LEVEL``.
    """
    if "tensorflow" not in sys.modules and "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        with _quiet():
            import tensorflow as tf
    import tensorflow as tf

    return tf


@contextmanager
def _quiet() -> Iterator[None]:
    """Native logging at warnings, and nothing at all before it is set up, which cannot be asked for, only sent elsewhere.

    The environment is left as it was, since a child would take the variable for its user's.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 not a file of ours
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]

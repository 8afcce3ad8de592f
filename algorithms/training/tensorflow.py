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
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        with _native_stderr_closed():
            import tensorflow as tf
    import tensorflow as tf

    return tf


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """What libraries print before their logging is set up cannot be turned off, only sent elsewhere."""
    kept = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 not a file of ours
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

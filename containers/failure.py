"""The end of a job that failed: an exit code, and ``output/failure`` with the reason first."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from containers.errors import AlgorithmError, DrydockError, UserError

log = logging.getLogger(__name__)

#: Characters of the failure file that the platform shows.
SHOWN = 1024


def classify(error: BaseException) -> DrydockError:
    """Any error as one that has a label and an exit code: what is not ours is an `AlgorithmError` that names its type."""
    if isinstance(error, DrydockError):
        return error
    from recordio import RecordIOError  # here, so that a job refused at once does not wait for numpy

    if isinstance(error, RecordIOError):
        return UserError(str(error))
    if isinstance(error, MemoryError):
        return AlgorithmError(f"out of memory: {error}" if str(error) else "out of memory")
    if isinstance(error, OSError) and error.strerror:
        return AlgorithmError(": ".join(filter(None, [error.strerror, error.filename and str(error.filename)])))
    return AlgorithmError(f"{type(error).__name__}: {error}")


def report(error: BaseException, path: Path) -> int:
    """Log an error and write the failure file. Returns the exit code.

    The file holds ``ClientError: reason`` or ``AlgorithmError: reason``, the reason within the characters that are shown; for
    what is not the user's fault the traceback follows.
    """
    classified = classify(error)
    reason = f"{classified.label}: {classified}"
    text = reason if len(reason) <= SHOWN else f"{reason[: SHOWN - 3]}..."
    trace = "" if isinstance(classified, UserError) else "".join(traceback.format_exception(error))
    log.error("%s", "\n".join(filter(None, [reason, trace])))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(filter(None, [text, trace])), encoding="utf-8", errors="backslashreplace")
    except OSError as problem:
        log.error("the failure file cannot be written: %s", problem)
    return classified.exit_code

"""Log lines as AWS's containers write them."""

from __future__ import annotations

import io
import logging
import sys

#: Attribute of a record, given through `extra`, that leaves out the prefix.
BARE = "bare"


class Formatter(logging.Formatter):
    """``[11/24/2020 18:54:29 INFO 140513285547840] message``; the bare message where a record asks for it."""

    def __init__(self) -> None:
        super().__init__("[%(asctime)s %(levelname)s %(thread)d] %(message)s", "%m/%d/%Y %H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return record.getMessage() if getattr(record, BARE, False) else super().format(record)


def configure() -> None:
    """Send all log lines and warnings of the process to standard output, flushed line by line."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name in the data must not break the log
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Formatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)

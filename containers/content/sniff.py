"""What a line of text looks like: which delimiter it has, and whether it is of the other text format."""

from __future__ import annotations

import re

NUMBER = r"[-+]?+(?:\d++(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?+\d++)?+"
LIBSVM = re.compile(rf"\s*+(?:{NUMBER}(?::{NUMBER})?+\s++)?(?:(?:qid|\d++):(?:{NUMBER}|nan)(?:\s++|\Z))++(?:#.*)?+", re.ASCII)
CSV = re.compile(rf'(?:[-+.\w" ]*+[,;|\t])++[-+.\w" ]*+|\s*+{NUMBER}(?:\s++{NUMBER})++\s*+', re.ASCII)


def delimiter(block: bytes, candidates: str) -> str:
    """The first of the candidates that stands in the first line which is not blank; else the first candidate."""
    line = block.lstrip().split(b"\n", 1)[0].rstrip().decode("latin-1")
    return next((candidate for candidate in candidates if candidate in line), candidates[0])


def is_libsvm(line: str) -> bool:
    """Whether this is a row of libsvm text with at least one feature, and therefore not of CSV."""
    return LIBSVM.fullmatch(line) is not None


def is_csv(line: str) -> bool:
    """Whether these are several words or numbers with delimiters between them, and therefore not a row of libsvm text."""
    return CSV.fullmatch(line) is not None

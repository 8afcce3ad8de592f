"""Texts for tests, as the parts of a channel."""

import io

from algorithms.blazingtext.corpus import Corpus
from containers.channels import Part


def corpus(*texts: str | bytes, whole_lines: bool = False) -> Corpus:
    """A corpus of parts named ``part-0``, ``part-1``, …"""
    contents = [text.encode() if isinstance(text, str) else text for text in texts]
    return Corpus(lambda _: (Part(f"part-{i}", io.BytesIO(c)) for i, c in enumerate(contents)), whole_lines)

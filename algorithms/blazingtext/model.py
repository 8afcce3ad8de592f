"""The model that is served: a fastText binary of ours, or of fastText's own making."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson

from algorithms.blazingtext.answers import Answers, LabelAnswers, VectorAnswers
from algorithms.blazingtext.codec import Codec, Request
from algorithms.blazingtext.fasttext.binary import Binary
from algorithms.blazingtext.fasttext.prediction import Labels, WordVectors
from containers.errors import UserError

MODEL_FILE = "model.bin"
VECTORS_FILE = "vectors.bin"


class FastTextModel:
    """Labels of sentences, or vectors of words. Matrices stay in the mapped file, which all processes share."""

    codec = Codec()

    def __init__(self, binary: Binary) -> None:
        self.binary = binary
        self._lookup = Labels(binary) if binary.supervised else WordVectors(binary)
        self._names = [orjson.dumps(name) for name in self._lookup.names] if isinstance(self._lookup, Labels) else []
        self.predict(Request([""], [1]))  # compiles, or loads what was compiled, before the first request

    def predict(self, request: Request) -> Answers:
        """Labels by falling probability, or a vector, of each instance.

        An instance of which the model knows nothing has no labels, or a vector of zeros.
        """
        if isinstance(self._lookup, WordVectors):
            return VectorAnswers(request.sources, self._lookup(request.sources))
        text = "\n".join(request.sources) + "\n"
        if text.count("\n") != len(request.sources):  # one instance is one line, whatever it looks like
            text = "".join(source.replace("\n", " ") + "\n" for source in request.sources)
        labels, probabilities = self._lookup(text.encode(), max(request.k))
        wanted = np.arange(labels.shape[1]) < np.array(request.k)[:, None]
        return LabelAnswers(self._names, np.where(wanted, labels, -1), probabilities)

    @classmethod
    def load(cls, directory: Path) -> FastTextModel:
        """Load ``model.bin`` or ``vectors.bin``; whatever else lies there is ignored.

        Raises
        ------
        UserError
            There is neither, or it is no whole fastText binary.
        """
        for name in (MODEL_FILE, VECTORS_FILE):
            if (directory / name).is_file():
                return cls(Binary.read(directory / name))
        there = ", ".join(sorted(path.name for path in directory.iterdir())) if directory.is_dir() else ""
        raise UserError(f"{directory}: expected {MODEL_FILE} or {VECTORS_FILE}, a fastText binary, got {there or 'nothing'}")

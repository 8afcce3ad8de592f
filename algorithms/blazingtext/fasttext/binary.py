"""A fastText binary: ``model.bin`` of a classifier, ``vectors.bin`` of word vectors, or one that fastText has made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from algorithms.blazingtext.fasttext import matrices
from algorithms.blazingtext.fasttext.arguments import CBOW, HIERARCHICAL_SOFTMAX, ONE_VERSUS_ALL, SUPERVISED, Arguments
from algorithms.blazingtext.fasttext.cursor import Cursor
from algorithms.blazingtext.fasttext.dictionary import Dictionary
from algorithms.blazingtext.fasttext.matrices import Matrix, Quantised

__all__ = ["MAGIC", "VERSION", "Arguments", "Binary", "Dictionary", "Matrix", "Quantised"]

MAGIC = 793712314
VERSION = 12
#: The version before: its classifiers know no subwords, whatever their arguments say.
NO_SUBWORDS = 11
#: Words of a corpus: more than this, and fastText's Huffman trees would not be trees.
MOST = 10**15


@dataclass(frozen=True)
class Binary:
    """A model as it stands in the file.

    Attributes
    ----------
    input
        Rows of the words, then of the buckets; shape: (words + buckets, dim).
    output
        shape: (labels, dim) of a classifier, (words, dim) of word vectors.
    """

    args: Arguments
    dictionary: Dictionary
    input: Matrix
    output: Matrix

    @property
    def supervised(self) -> bool:
        """Whether it is a classifier."""
        return self.args.model == SUPERVISED

    @classmethod
    def read(cls, path: Path) -> Binary:
        """Read a file of version 11 or 12. Matrices are views of the mapped file, so that processes share them.

        Raises
        ------
        UserError
            The file is another, is cut short, or contradicts itself: names the byte and what was expected there.
        """
        cursor = Cursor(path)
        magic = cursor.number("<i4", "fastText's magic number")
        if magic != MAGIC:
            cursor.position = 0
            raise cursor.error(f"fastText's magic number {MAGIC}, got {magic}")
        version = cursor.number("<i4", "version of the format")
        if version not in (NO_SUBWORDS, VERSION):
            cursor.position -= 4
            raise cursor.error(f"version {NO_SUBWORDS} or {VERSION} of fastText's format, got {version}")
        args = _read_arguments(cursor, version)
        dictionary = Dictionary.read(cursor)
        quantised = cursor.flag("whether the input matrix is quantised")
        if dictionary.pruned is not None and not quantised:
            raise cursor.error("a quantised input matrix, as the dictionary is pruned")
        words = matrices.read(cursor, quantised, "the input matrix")
        quantised = cursor.flag("whether the output matrix is quantised") and quantised
        output = matrices.read(cursor, quantised, "the output matrix")
        binary = cls(args, dictionary, words, output)
        binary._check(cursor)
        return binary

    def write(self, path: Path) -> None:
        """Write the file; fastText reads it, `read` too."""
        with path.open("wb") as file:
            np.array([MAGIC, VERSION], "<i4").tofile(file)
            file.write(self.args.pack())
            self.dictionary.write(file)
            _write_matrix(self.input, file)
            _write_matrix(self.output, file)

    def _check(self, cursor: Cursor) -> None:
        """Refuse sizes that would lead outside of a matrix."""
        args, dictionary = self.args, self.dictionary
        if dictionary.counts.min(initial=0) < 0 or dictionary.counts.sum(dtype=np.float64) >= MOST:
            raise cursor.error(f"before it counts of words and labels from 0, below {MOST:.0e} together, got others")
        grams = args.bucket if args.maxn > 0 or (self.supervised and args.wordNgrams > 1) else 0
        if dictionary.pruned is not None:
            buckets, rows = dictionary.pruned[:, 0], dictionary.pruned[:, 1]
            grams = int(rows.max(initial=-1)) + 1
            if rows.min(initial=0) < 0 or buckets.min(initial=0) < 0 or buckets.max(initial=-1) >= max(args.bucket, 1):
                raise cursor.error(f"before it n-grams kept by pruning of {args.bucket:,} buckets, got others")
        least = dictionary.words + grams
        if self.input.shape[0] < least or self.input.shape[1] != args.dim:
            raise cursor.error(f"before it an input matrix of ({least:,}, {args.dim}), got {self.input.shape}")
        rows_out = dictionary.labels if self.supervised else self.output.shape[0]
        if self.output.shape != (rows_out, args.dim) or (self.supervised and not rows_out):
            raise cursor.error(f"before it an output matrix of ({rows_out:,}, {args.dim}), got {self.output.shape}")


def _read_arguments(cursor: Cursor, version: int) -> Arguments:
    start = cursor.position
    args = Arguments.unpack(cursor.array("u1", (Arguments.size(),), "arguments").tobytes())
    if version == NO_SUBWORDS and args.model == SUPERVISED:
        args = args._replace(maxn=0)
    known = CBOW <= args.model <= SUPERVISED and HIERARCHICAL_SOFTMAX <= args.loss <= ONE_VERSUS_ALL
    if not known or args.dim < 1 or min(args.wordNgrams, args.bucket, args.maxn) < 0 or (args.maxn and not args.bucket):
        cursor.position = start
        raise cursor.error(f"arguments of a model, got {args}")
    return args


def _write_matrix(matrix: Matrix, file: BinaryIO) -> None:
    np.array([isinstance(matrix, Quantised)], "u1").tofile(file)
    matrices.write(matrix, file)

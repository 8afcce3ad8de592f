"""fastText's binary format, word for word, and prediction with it: numpy and numba alone, matrices left in the file.

Source: https://github.com/facebookresearch/fastText, `src/fasttext.cc`; Bojanowski et al. 2016, Joulin et al. 2016.
"""

from algorithms.blazingtext.fasttext.binary import Arguments, Binary, Dictionary, Quantised

__all__ = ["Arguments", "Binary", "Dictionary", "Quantised"]

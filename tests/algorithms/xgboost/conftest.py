"""Tests, and the processes that they start, leave each other the processors."""

import os

from algorithms.xgboost.importing import WAITING

os.environ.setdefault(*WAITING)

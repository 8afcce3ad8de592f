"""All cases, and the marks that run a test over them."""

import pytest

from tests.contract.cases import blazingtext, linear_learner, xgboost

CASES = (*linear_learner.CASES, *xgboost.CASES, *blazingtext.CASES)
#: The first case of every algorithm.
FIRST = tuple({case.algorithm_name: case for case in reversed(CASES)}.values())

#: Over every problem: what depends on what is learnt.
each_case = pytest.mark.parametrize("case", CASES, ids=str)
#: Over one problem an algorithm and choice of content types: what depends on how data are read.
each_reader = pytest.mark.parametrize(
    "case", {(case.algorithm_name, case.content_types): case for case in reversed(CASES)}.values(), ids=str
)
#: Over one problem an algorithm: what depends on how the algorithm is built.
each_algorithm = pytest.mark.parametrize("case", FIRST, ids=[case.algorithm_name for case in FIRST])

"""One contract suite over all algorithms.

A new algorithm joins it by a module in `tests.contract.cases` that subclasses `tests.contract.case.Case`, and a line in
`tests.contract.cases.CASES`; every test here then runs over it. What only that algorithm does is tested with the algorithm.
"""

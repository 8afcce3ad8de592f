"""The inner loops, compiled by numba.

What is compiled is kept in ``__pycache__``, or where ``NUMBA_CACHE_DIR`` says, so that a second start compiles nothing.
A kernel
is compiled anew when its own file changes, but not when a function it calls from another file does: who changes `minibatch` or
`sampling` deletes the ``.nbi`` files.
"""

"""``python -m containers.warm --algorithm NAME``: compile what numba would compile at run time; an image brings it along."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from containers.algorithm import find


def main(argv: Sequence[str] | None = None) -> int:
    """Let the algorithm compile its loops, if it has any; see `containers.compiled`."""
    parser = argparse.ArgumentParser("warm", description=__doc__)
    parser.add_argument("--algorithm", required=True)
    warm = getattr(find(parser.parse_args(argv).algorithm), "warm", None)
    if warm is not None:
        warm()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

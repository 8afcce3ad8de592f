"""The framework of the tests of scripts, as another package would bring it."""

from tests.containers.scripts import algorithm

__all__ = ["algorithm"]

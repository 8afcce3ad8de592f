"""A module that a framework offers to scripts."""

ANSWER = 42

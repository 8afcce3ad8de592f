"""The README's table of hyperparameters is the declarations'."""

from pathlib import Path

from algorithms.linear_learner import LinearLearner
from local_mode.cli.catalogue import as_markdown

README = Path(__file__).resolve().parents[3] / "algorithms" / "linear_learner" / "README.md"


def test_the_table_is_what_is_declared():
    assert as_markdown(LinearLearner.Hyperparameters.declared()) in README.read_text()

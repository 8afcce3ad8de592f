"""`make demo`."""

import pytest

from tests.examples import demo


@pytest.mark.slow
def test_the_demo(tmp_path, capsys):
    assert demo.main(tmp_path) == 0
    words = capsys.readouterr().out
    accuracy = float(next(line for line in words.splitlines() if line.startswith("held-out accuracy")).split()[-1])
    assert accuracy > 0.93
    assert "formats agree           yes" in words
    assert (tmp_path / "output" / "report.html").exists()

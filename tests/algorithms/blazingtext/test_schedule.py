"""The learning rate over the course of training, and its lines of progress."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from algorithms.blazingtext import schedule
from algorithms.blazingtext.schedule import Schedule


def test_the_rate_falls_linearly_to_zero_over_all_epochs() -> None:
    rate = Schedule(0.5, epochs=2, tokens=100)
    assert rate.take(50) == (0, pytest.approx(0.5), pytest.approx(0.375))
    assert rate.take(50) == (50, pytest.approx(0.375), pytest.approx(0.25))
    assert rate.take(100) == (100, pytest.approx(0.25), 0.0)


def test_more_tokens_than_were_counted_are_learnt_at_zero() -> None:
    rate = Schedule(0.5, epochs=1, tokens=10)
    assert rate.take(20) == (0, 0.5, 0.0)
    assert rate.take(20) == (20, 0.0, 0.0)


def test_threads_share_the_tokens_among_them() -> None:
    rate = Schedule(0.5, epochs=1, tokens=60_000)
    with ThreadPoolExecutor(4) as pool:
        starts = [start for start, _, _ in pool.map(lambda _: rate.take(3), range(20_000))]
    assert sorted(starts) == list(range(0, 60_000, 3))


def test_progress_says_how_far_how_fast_and_how_well(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    caplog.set_level(logging.INFO)
    rate = Schedule(0.5, epochs=4, tokens=100)
    rate.take(100)
    with rate.running():
        rate.log_progress(0.25)
        assert caplog.messages == [], "so soon"
        monkeypatch.setattr(schedule, "EVERY", 0.0)
        rate.log_progress(0.25)
    assert len(caplog.messages) == 1
    assert re.fullmatch(
        r"##### Alpha: 0\.3750  Progress: 25\.00%  Million Words/sec: \d+\.\d\d  Loss: 0\.2500 #####", caplog.messages[0]
    )


def test_words_per_second_are_those_of_the_time_inside_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(schedule.time, "monotonic", lambda: now)
    rate = Schedule(0.5, epochs=4, tokens=100)
    for seconds in (2.0, 3.0):
        with rate.running():
            now += seconds
            rate.take(100)
        now += 100
    assert rate.words_per_second == pytest.approx(200 / 5)

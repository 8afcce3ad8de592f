"""How much memory may be used."""

import os

from algorithms.training import memory

PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def limits(tmp_path, monkeypatch, *texts):
    paths = [tmp_path / str(number) for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
    monkeypatch.setattr(memory, "_LIMITS", tuple(paths))
    return memory.memory_limit()


def test_the_containers_limit_counts(tmp_path, monkeypatch):
    assert limits(tmp_path, monkeypatch, "1048576\n", None) == 1 << 20
    assert limits(tmp_path, monkeypatch, None, "2097152\n") == 2 << 20


def test_without_one_it_is_the_machines(tmp_path, monkeypatch):
    assert limits(tmp_path, monkeypatch, None, None) == PHYSICAL
    assert limits(tmp_path, monkeypatch, "max\n", None) == PHYSICAL
    assert limits(tmp_path, monkeypatch, None, str(1 << 62)) == PHYSICAL


def test_cache_is_what_is_given_or_a_quarter():
    assert memory.cache_bytes(16) == 16 << 20
    assert memory.cache_bytes(0) == 0
    assert memory.cache_bytes(None) == memory.memory_limit() // 4

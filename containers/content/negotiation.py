"""Which of the media types that a model can write answers an `Accept` header."""

from __future__ import annotations

from functools import lru_cache

from containers.media import MediaType


@lru_cache(maxsize=256)
def negotiate(accept: str | None, returns: tuple[str, ...]) -> MediaType | None:
    """The best acceptable type, or None where there is none.

    Follows RFC 9110, section 12.5.1: the most specific range that covers a type gives its quality; the highest quality wins,
    and among equals the order of the header, then that of `returns`.

    Parameters
    ----------
    accept
        The header, such as ``application/jsonlines, */*;q=0.1``; None or blank accepts anything.
    returns
        Media types, the preferred one first.
    """
    ranges = [MediaType.parse(part) for part in (accept or "").split(",") if part.strip()]
    if not ranges:
        return MediaType(returns[0])
    candidates = []
    for name in returns:
        specificity, place, quality = max(
            (_specificity(item.name, name), -at, _quality(item)) for at, item in enumerate(ranges)
        )
        if specificity and quality:
            candidates.append((quality, place, name))
    return MediaType(max(candidates, key=lambda candidate: candidate[:2])[2]) if candidates else None


def _specificity(pattern: str, name: str) -> int:
    """3 for the type itself, 2 for ``text/*``, 1 for ``*/*``, 0 where the range does not cover it."""
    if pattern == name:
        return 3
    if pattern == f"{name.partition('/')[0]}/*":
        return 2
    return int(pattern in ("*/*", "*"))


def _quality(item: MediaType) -> float:
    try:
        return min(max(float(item.parameters.get("q", "1")), 0.0), 1.0)
    except ValueError:
        return 0.0

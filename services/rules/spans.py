"""Spans of time: sorted, disjoint, half-open (start, end] pairs of Unix seconds."""

from collections.abc import Iterable
from datetime import datetime

Span = tuple[float, float]
Spans = tuple[Span, ...]
EMPTY: Spans = ()


def union(spans: Iterable[Span]) -> Spans:
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def intersect(one: Spans, other: Spans) -> Spans:
    found = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return tuple(sorted(span for span in found if span[0] < span[1]))


def subtract(spans: Spans, holes: Spans) -> Spans:
    left = list(spans)
    for hole_start, hole_end in holes:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, hole_start)), (max(start, hole_end), end))
            if piece[0] < piece[1]
        ]
    return tuple(left)


def minutes(spans: Spans, start: float, end: float) -> float:
    """Minutes of *spans* inside (start, end]."""
    total = 0.0
    for a, b in spans:  # asked a million times a back-test: no generator, no calls
        if a < end and b > start:
            total += (b if b < end else end) - (a if a > start else start)
    return total / 60


def at(instant: datetime) -> float:
    return instant.timestamp()


def clock_minutes(spans: Spans, start: float = 0.0, end: float = float("inf")) -> int:
    """``minutes`` as clocks show them: each span from its minute to its minute, so that sums agree with the from and to beside
    them (rules.lasted)."""
    found = ((max(first, start), min(last, end)) for first, last in spans)
    return sum(int(last // 60) - int(first // 60) for first, last in found if last > first)

"""A step's curve laid over one day: what a minute of work weighs against the mean of the day (DOMAIN §4, w)."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from services.rules.spans import Spans


@dataclass(frozen=True, slots=True)
class DayCurve:
    """``edges``: Unix seconds, in order; ``weights``: of the bins between them, 1 before the first and after the last.

    ``before``: weighted seconds from the first edge to each. A bin that a DST change skips is empty.
    """

    edges: tuple[float, ...]
    weights: tuple[float, ...]
    before: tuple[float, ...]

    def minutes(self, spans: Spans, start: float, end: float) -> float:
        """Weighted minutes of *spans* inside (start, end]; a bin cut by either counts in proportion."""
        found = 0.0
        for a, b in spans:
            since, until = max(a, start), min(b, end)
            if since < until:
                found += self._until(until) - self._until(since)
        return found / 60

    def _until(self, instant: float) -> float:
        at = bisect_right(self.edges, instant) - 1
        if at < 0:
            return instant - self.edges[0]
        weight = self.weights[at] if at < len(self.weights) else 1.0
        return self.before[at] + weight * (instant - self.edges[at])


def day_curve(edges: Sequence[float], weights: Sequence[float]) -> DayCurve:
    """*weights* of the bins between *edges*: one fewer."""
    parts = (weight * (end - start) for weight, (start, end) in zip(weights, pairwise(edges), strict=True))
    return DayCurve(tuple(edges), tuple(weights), tuple(accumulate(parts, initial=0.0)))

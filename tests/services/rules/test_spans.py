"""Spans of time behave as sets of instants."""

from hypothesis import given
from hypothesis import strategies as st

from services.rules.spans import Spans, intersect, minutes, subtract, union

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8).map(
    lambda pairs: union((float(min(pair)), float(max(pair))) for pair in pairs)
)


def seconds_of(spans: Spans) -> set[int]:
    """Whole seconds n for which (n, n+1] is inside."""
    return {n for start, end in spans for n in range(int(start), int(end))}


@given(SPANS, SPANS)
def test_spans_are_sets(one: Spans, other: Spans) -> None:
    """Union, intersection and difference are those of the instants inside."""
    assert seconds_of(union([*one, *other])) == seconds_of(one) | seconds_of(other)
    assert seconds_of(intersect(one, other)) == seconds_of(one) & seconds_of(other)
    assert seconds_of(subtract(one, other)) == seconds_of(one) - seconds_of(other)


@given(SPANS, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_minutes_add_up(one: Spans, a: int, b: int, c: int) -> None:
    """The minutes of two adjoining intervals are those of both together."""
    start, middle, end = sorted((a, b, c))
    whole = minutes(one, start, end)
    assert abs(minutes(one, start, middle) + minutes(one, middle, end) - whole) < 1e-9
    assert round(whole * 60, 6) == len(seconds_of(one) & set(range(start, end)))

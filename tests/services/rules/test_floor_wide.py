"""Lines that fail all at once are one issue, told by the first of them (ADR 0036)."""

from datetime import datetime

import pytest

from services.rules.attribution import Attributed
from services.rules.detectors.line_failure import Finding, LineState
from services.rules.floor_wide import EVER, told_lines
from services.rules.technical import LineFinding
from tests.services.rules.stories import floor, instant

BY = floor().outages.line_failure


def failing(line: str, since: str, fired: str, resolved: str | None, verdict: str = "floor") -> LineFinding:
    scope = "floor:floor" if verdict == "floor" else f"line:{line}"
    found = Finding(
        since=instant(since),
        fired_at=instant(fired),
        path="in_a_row",
        attempts=4,
        failures=4,
        p=None,
        codes={"SIP 503": 4},
        agents=2,
        last_failure=instant(fired),
        last_attempt=instant(fired),
        calls=(),
        resolved_at=instant(resolved) if resolved else None,
    )
    return LineFinding(LineState(line, 0.03, BY), found, Attributed(verdict, scope))  # type: ignore[arg-type]


def rows(*found: LineFinding, now: datetime = EVER) -> list[tuple[str, datetime | None, list[str], bool]]:
    return [
        (told.one.state.line, told.resolved_at, [one.state.line for one in told.others], told.by_floor)
        for told in told_lines(found, now)
    ]


def test_a_line_alone_is_told_as_it_is() -> None:
    """Nothing of the floor: every finding for itself, in order of firing."""
    own = [failing("b", "11:00", "11:02", None, "line"), failing("a", "10:00", "10:01", "10:30", "line")]
    assert rows(*own) == [("a", instant("10:30"), [], False), ("b", None, [], False)]


def test_the_first_tells_the_floor_to_the_end_of_the_last() -> None:
    """B was told before the floor was known: until C made it so. B fails again later: told."""
    own = [
        failing("a", "10:00", "10:01", "10:40"),
        failing("b", "10:00", "10:02", "10:50"),
        failing("c", "10:01", "10:05", "10:30"),
        failing("b", "10:52", "10:53", "11:00", "line"),
    ]
    assert rows(*own) == [
        ("a", instant("10:50"), ["b", "c"], False),
        ("b", instant("10:05"), [], True),
        ("b", instant("11:00"), [], False),
    ]


def test_a_dead_floor_is_told_once() -> None:
    """Three lines die together and are found within two minutes: one alert, whenever one looks; the second alone waits."""
    a, b = failing("a", "10:00", "10:01", None, "line"), failing("b", "10:00", "10:01:30", None, "line")
    assert rows(a, b, now=instant("10:02")) == [("a", None, [], False)]
    assert rows(a, b, now=instant("10:04:29")) == [("a", None, [], False)]
    assert rows(a, b, now=instant("10:04:30")) == [("a", None, [], False), ("b", None, [], False)]
    assert rows(failing("a", "10:00", "10:01", "10:01:20", "line"), b, now=instant("10:02"))[-1][0] == "b", "A was over"
    whole = [
        failing("a", "10:00", "10:01", None),
        failing("b", "10:00", "10:01:30", None),
        failing("c", "10:00", "10:03", None),
    ]
    for now in (instant("10:03"), instant("12:00"), EVER):
        assert rows(*whole, now=now) == [("a", None, ["b", "c"], False)]


def test_a_line_that_fails_much_later_does_not_wait() -> None:
    a, b = failing("a", "10:00", "10:01", None, "line"), failing("b", "10:06", "10:07", None, "line")
    assert [line for line, *_ in rows(a, b, now=instant("10:07"))] == ["a", "b"]


def test_the_floor_lasts_as_long_as_one_of_its_lines() -> None:
    """One that is still failing keeps it open; one that ended before the floor was known ended by itself."""
    own = [
        failing("a", "10:00", "10:01", None),
        failing("b", "10:02", "10:03", "10:10"),
        failing("c", "10:09", "10:12", "10:30"),
    ]
    assert rows(*own) == [("a", None, ["b", "c"], False), ("b", instant("10:10"), [], False)]


@pytest.mark.parametrize(("since", "together"), [("10:29", True), ("10:30", True), ("10:31", False)])
def test_floors_that_do_not_touch_are_two(since: str, together: bool) -> None:
    """A second stand after the first was over is another alert."""
    own = [failing("a", "10:00", "10:01", "10:30"), failing("b", since, "10:40", "10:50")]
    assert (len([told for told in told_lines(own) if not told.by_floor]) == 1) is together

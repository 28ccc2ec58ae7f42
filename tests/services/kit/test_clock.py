"""Virtual time: a start, a speed, and an end of the haste."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from services.kit.clock import Clock
from services.kit.errors import Misconfigured

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def at(clock: str, real_s: float, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock *real_s* real seconds after its anchor."""
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0 + real_s)
    return Clock.parse(clock, "1000000.0")


@pytest.mark.parametrize(
    ("text", "real_s", "passed"),
    [
        ("2026-11-23T09:00:00+03:00", 60, timedelta(minutes=1)),
        ("2026-11-23T09:00:00+03:00@60", 60, timedelta(hours=1)),
        ("2026-11-23T09:00:00+03:00@60/2026-11-23T10:00:00+03:00", 30, timedelta(minutes=30)),
        ("2026-11-23T09:00:00+03:00@60/2026-11-23T10:00:00+03:00", 90, timedelta(hours=1, seconds=30)),
    ],
)
def test_now(text: str, real_s: float, passed: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time runs from its start at its rate, and at the normal pace after the haste ended."""
    assert at(text, real_s, monkeypatch).now() == START + passed


def test_waiting_across_the_end_of_the_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an hour at 60× and ten minutes at 1× are 630 real seconds."""
    clock = at("2026-11-23T09:00:00+03:00@60/2026-11-23T10:00:00+03:00", 30, monkeypatch)
    assert clock.real_seconds_until(START + timedelta(hours=1, minutes=10)) == pytest.approx(30 + 600)


def test_allowances_shrink_with_the_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three real seconds are three minutes of hasty time, and three seconds of normal time."""
    text = "2026-11-23T09:00:00+03:00@60/2026-11-23T10:00:00+03:00"
    assert at(text, 30, monkeypatch).allow(3) == timedelta(minutes=3)
    assert at(text, 90, monkeypatch).allow(3) == timedelta(seconds=3)


def test_the_pace_of_now_and_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page needs to go on by itself: the rate in force, and where the haste will end if it has not."""
    text = "2026-11-23T09:00:00+03:00@60/2026-11-23T10:00:00+03:00"
    hasty, after = at(text, 30, monkeypatch), START + timedelta(hours=1)
    assert (hasty.pace, hasty.haste_ends) == (60, after)
    calm = at(text, 90, monkeypatch)
    assert (calm.pace, calm.haste_ends) == (1, None)
    assert (Clock().pace, Clock().haste_ends) == (1, None)


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-11-23T09:00:00", "2026-11-23T09:00:00Z@0", "2026-11-23T09:00:00Z@x"]
)
def test_nonsense_is_refused(text: str) -> None:
    """A clock that cannot be read is named in the error."""
    with pytest.raises(Misconfigured, match="SREZ_CLOCK"):
        Clock.parse(text)

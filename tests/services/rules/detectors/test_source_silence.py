"""Source silence: ten events due and none arrived. A day of 60 expected events an hour, lunch at 13:00."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.floor.outages import SourceSilence
from services.rules.detectors.source_silence import Silence, gaps, silence, silences, stories
from services.rules.sources import Group, Load
from services.rules.spans import Spans
from tests.services.rules.stories import instant, spans

WORK: Spans = spans("09:00-13:00", "14:00-18:00")
LOAD = Load("mango", (Group(WORK, 1.0),), frozenset({"ivan"}))
EVERY_S = 120.0


def found(*arrivals: str, now: str, load: Load = LOAD, every_s: float = EVERY_S, begins: str = "") -> list[Silence]:
    """Silences of a day that begins with its first arrival, or at *begins*."""
    return silences(
        load,
        [instant(one) for one in arrivals],
        instant(begins or (arrivals[0] if arrivals else "00:00")),
        instant(now),
        expect_every_s=every_s,
        min_expected=10,
    )


def short(of: list[Silence]) -> list[tuple[str, str, str | None]]:
    def clock(at: datetime) -> str:
        return (at + timedelta(hours=3)).strftime("%H:%M:%S")

    return [(clock(one.since), clock(one.fired_at), one.resolved_at and clock(one.resolved_at)) for one in of]


@pytest.mark.parametrize(
    ("arrivals", "now", "wanted"),
    [
        (("09:05",), "09:14:59", []),
        (("09:05",), "09:15", [("09:05:00", "09:15:00", None)]),
        (("09:05", "09:15"), "09:15", [("09:05:00", "09:15:00", "09:15:00")]),
        (("09:05", "09:30"), "12:00", [("09:05:00", "09:15:00", "09:30:00"), ("09:30:00", "09:40:00", None)]),
        ((), "09:09:59", []),
        ((), "09:10", [("00:00:00", "09:10:00", None)]),
        (("12:55",), "14:04:59", []),
        (("12:55",), "14:05", [("12:55:00", "14:05:00", None)]),
        (("17:55",), "23:59", []),
        (("08:00", "08:30"), "09:05", []),
    ],
    ids=[
        "9 due",
        "10 due",
        "ends",
        "twice",
        "morning",
        "never began",
        "lunch",
        "after lunch",
        "evening",
        "before work",
    ],
)
def test_stories(arrivals: tuple[str, ...], now: str, wanted: list[tuple[str, str, str | None]]) -> None:
    """Nothing is due outside work, so breaks, nights and evenings are never silent."""
    assert short(found(*arrivals, now=now)) == wanted


def test_a_source_that_begins_late() -> None:
    """Nothing from midnight to 12:55: silent since the day began, from ten past nine."""
    assert short(found("12:55", now="13:30", begins="00:00")) == [("00:00:00", "09:10:00", "12:55:00")]


def test_the_interval_has_to_be_exceeded_too() -> None:
    """A busy source expects ten events in ten seconds; it is silent only after its own interval."""
    busy = Load("mango", (Group(WORK, 60.0),), frozenset())
    assert found("10:00", now="10:02", load=busy) == []
    assert short(found("10:00", now="10:02:01", load=busy)) == [("10:00:00", "10:02:00", None)]


def test_the_interval_runs_while_people_work() -> None:
    """A busy source that nobody could feed overnight or over lunch is given its interval from the start of work."""
    busy = Load("mango", (Group(WORK, 60.0),), frozenset())
    assert found(now="09:02", begins="00:00", load=busy) == []
    assert short(found(now="09:02:01", begins="00:00", load=busy)) == [("00:00:00", "09:02:00", None)]
    assert found("12:59", now="14:01", load=busy) == []
    assert short(found("12:59", now="14:01:01", load=busy)) == [("12:59:00", "14:01:00", None)]
    assert found("17:59", now="23:00", load=busy) == []


def test_the_first_mark_follows_the_first_conversations() -> None:
    """A CRM owes nothing yet when the shift begins; once something came, its interval is enough."""
    crm = Load("amo", (Group(WORK, 60.0),), frozenset(), first_after_s=1800)
    assert found(now="09:30", begins="00:00", load=crm) == []
    assert short(found(now="09:30:01", begins="00:00", load=crm)) == [("00:00:00", "09:30:00", None)]
    assert short(found("09:05", now="09:08", load=crm)) == [("09:05:00", "09:07:00", None)]


def test_expectations_add_up_over_groups() -> None:
    """Two people with different shifts: what is due is the sum of what each owes."""
    two = Load("mango", (Group(WORK, 1.0), Group(spans("10:00-12:00"), 2.0)), frozenset())
    assert two.expected(instant("09:30"), instant("10:30")) == pytest.approx(60 + 60)
    assert two.expected(instant("12:00"), instant("15:00")) == pytest.approx(120)


def test_the_open_silence_alone() -> None:
    """``silence`` tells the same as the last of ``silences``."""
    alone = silence(LOAD, instant("09:05"), instant("10:00"), expect_every_s=EVERY_S, min_expected=10)
    assert alone == found("09:05", now="10:00")[-1]


ARRIVALS = st.lists(st.integers(0, 24 * 3600), max_size=40).map(
    lambda seconds: [instant("00:00") + timedelta(seconds=one) for one in sorted(seconds)]
)


@given(ARRIVALS, st.sampled_from([60.0, 300.0, 1800.0]), st.floats(0.01, 3))
def test_the_ends_of_longer_gaps_are_enough(arrivals: list[datetime], every_s: float, rate: float) -> None:
    """Leaving out arrivals that follow closely changes no silence of the day."""
    load = Load("mango", (Group(WORK, rate),), frozenset())
    starts, ends = instant("00:00"), instant("00:00") + timedelta(days=1)

    def of(some: list[datetime]) -> list[Silence]:
        return silences(load, some, starts, ends, expect_every_s=every_s, min_expected=10)

    kept = gaps(arrivals, every_s)
    assert of(kept) == of(arrivals)
    assert set(kept) <= set(arrivals)


@given(ARRIVALS, st.integers(1, 24 * 3600))
def test_every_silence_is_one(arrivals: list[datetime], now_s: int) -> None:
    """Each silence lies between two arrivals, has ten events due by the time it fires, and only the last is open."""
    now = instant("00:00") + timedelta(seconds=now_s)
    seen = silences(LOAD, arrivals, instant("00:00"), now, expect_every_s=EVERY_S, min_expected=10)
    for one in seen:
        assert LOAD.expected(one.since, one.fired_at) >= 10 - 1e-9
        assert one.fired_at - one.since >= timedelta(seconds=EVERY_S)
        assert not [at for at in arrivals if one.since < at < (one.resolved_at or now)]
        assert one.fired_at <= (one.resolved_at or now)
    assert all(one.resolved_at is not None for one in seen[:-1])


def told(*spans_: str, now: str = "17:00", sources: tuple[str, ...] = ("mango",)) -> list[tuple[str, str | None, int]]:
    """(since, resolved, parts) of ``10:00-10:20``; an open one has no end."""
    own = []
    for span in spans_:
        since, _, until = span.partition("-")
        own.append(Silence("mango", instant(since), instant(since), 10, instant(until) if until else None))
    clock = {instant(one): one for span in spans_ for one in span.split("-") if one}
    return [
        (clock[one.told.since], one.told.resolved_at and clock[one.told.resolved_at], len(one.parts))
        for one in stories(own, sources, instant(now), SourceSilence())
    ]


def test_a_power_cut_is_told_once() -> None:
    """Talks end one by one; each ends a silence and begins another: one story, to the end of the last."""
    assert told("10:00-10:04", "10:05-10:09", "10:13-11:00") == [("10:00", "11:00", 3)]
    assert told("10:00-10:04", "10:05-10:09", "10:13") == [("10:00", None, 3)]
    assert told("10:00-10:04", "10:09-10:12") == [("10:00", "10:04", 1), ("10:09", "10:12", 1)], (
        "calls came for five minutes"
    )


@pytest.mark.parametrize(("now", "resolved"), [("10:20", None), ("10:24:59", None), ("10:25", "10:20")])
def test_it_is_over_when_calls_have_come_for_a_while(now: str, resolved: str | None) -> None:
    """With the end at the first of them. A CRM brings one mark in minutes: one event ends its silence."""
    assert told("10:00-10:20", now=now) == [("10:00", resolved, 1)]
    assert told("10:00-10:20", now=now, sources=()) == [("10:00", "10:20", 1)]


def test_a_crm_that_falls_silent_twice_is_told_twice() -> None:
    assert [row[:2] for row in told("10:00-10:20", "10:21-11:00", sources=())] == [
        ("10:00", "10:20"),
        ("10:21", "11:00"),
    ]

"""A planted floor that works 22:00 to 06:00 over the night in which the clock goes back: counts, targets and verdicts by hand.

New York, 1 November 2026: 02:00 EDT becomes 01:00 EST. Nothing here is reckoned by the product's own clock: instants are UTC.
"""

import random
from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta

import pytest

from schemas.facts import CALL, CallEnded, Fact
from schemas.floor import parse
from services.lab.backtest.run import Result
from tests.services.lab.backtest.telling import judged

PEOPLE = 20
FLOOR = parse(
    """
timezone: America/New_York
currency: USD
day: {start: "22:00", end: "06:00", weekdays: [mon, tue, wed, thu, fri, sat, sun]}
slices: ["02:00", "04:00", "06:00", "23:59"]
teams: [{id: night}]
agents:
"""
    + "".join(f"  - {{id: a{n}, team: night}}\n" for n in range(PEOPLE))
    + """
norms: [{for: {floor: main}, per_day: {calls: 96}}]
sources: [{id: own, provider: generic}]
judgement: {overdispersion: 1}
"""
)
DAYS = (date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2))
HOUR = timedelta(hours=1)
MIDNIGHT = {  # EDT is UTC-4, EST is UTC-5
    date(2026, 10, 31): datetime(2026, 10, 31, 4, tzinfo=UTC),
    date(2026, 11, 1): datetime(2026, 11, 1, 4, tzinfo=UTC),
    date(2026, 11, 2): datetime(2026, 11, 2, 5, tzinfo=UTC),
    date(2026, 11, 3): datetime(2026, 11, 3, 5, tzinfo=UTC),
}
CUTS = {  # hours after midnight as they really pass
    date(2026, 10, 31): (2, 4, 6, 23 + 59 / 60),
    date(2026, 11, 1): (3, 5, 7, 24 + 59 / 60),
    date(2026, 11, 2): (2, 4, 6, 23 + 59 / 60),
}
NAMES = ("02:00", "04:00", "06:00", "23:59")


def cuts(day: date) -> list[datetime]:
    return [MIDNIGHT[day] + hours * HOUR for hours in CUTS[day]]


def call(agent: str, ended: datetime, number: int) -> Fact:
    data = CallEnded(
        call_id=f"own:{number}", agent=agent, direction="outbound", started_at=ended - timedelta(seconds=20),
        ended_at=ended, talk_s=0, disposition="no_answer", line="own/a", customer=f"k1:{number}",
    )  # fmt: skip
    return Fact(id=f"c{number}", type=CALL, source="own", time=ended, data=data)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[datetime]], Result]:
    """Everybody on norm, 12 an hour; a0 at 40 %. Beside them calls on the very edges: on a cut-off and a moment after it."""
    dice, facts = random.Random(11), []
    ends: dict[str, list[datetime]] = {f"a{n}": [] for n in range(PEOPLE)}
    for day in DAYS:
        night = [(MIDNIGHT[day], MIDNIGHT[day] + CUTS[day][2] * HOUR)]
        after = MIDNIGHT[day + timedelta(days=1)]
        night.append((after - 2 * HOUR, after))
        for agent, own in ends.items():
            for since, until in night:
                hours = (until - since) / HOUR
                own += [
                    since + dice.random() * (until - since) for _ in range(round(hours * (5 if agent == "a0" else 12)))
                ]
        for cut in cuts(day):
            ends["a1"] += [cut, cut + timedelta(microseconds=1)]
        ends["a2"] += [MIDNIGHT[day], MIDNIGHT[day] - timedelta(microseconds=1)]
    for agent, own in ends.items():
        own.sort()
        facts += [call(agent, ended, len(facts) + at) for at, ended in enumerate(own)]
    return ends, judged(tmp_path_factory.mktemp("nights"), facts, FLOOR)


def test_every_call_is_in_its_slice_and_no_other(played: tuple[dict[str, list[datetime]], Result]) -> None:
    """(cut-off before, cut-off], the first from midnight on; by hand, of three nights and twenty people."""
    ends, result = played
    rows = {(row.date, row.slice, row.agent): row for row in result.slices if row.step == "calls"}
    for day in DAYS:
        for agent, own in ends.items():
            # midnight itself belongs to the new day, cut-offs to the slice they end
            begin = bisect_left(own, MIDNIGHT[day])
            before = begin
            for name, cut in zip(NAMES, cuts(day), strict=True):
                reached = bisect_left(own, cut + timedelta(microseconds=1))
                row = rows[day, name, agent]
                assert (row.done, row.in_slice) == (reached - begin, reached - before), (day, name, agent)
                before = reached
    ended = [end for own in ends.values() for end in own]
    outside = sum(end < MIDNIGHT[DAYS[0]] for end in ended)
    outside += sum(cuts(day)[-1] < end < MIDNIGHT[day + timedelta(days=1)] for day in DAYS for end in ended)
    assert result.outside == outside


def test_targets_are_of_the_minutes_really_worked(played: tuple[dict[str, list[datetime]], Result]) -> None:
    """96 calls in the eight hours of an ordinary date; in the nine of the long night as many, so 96/9 an hour."""
    rows = {(row.date, row.slice): row.target for row in played[1].slices if row.agent == "a5" and row.step == "calls"}
    for day in DAYS:
        hours = CUTS[day][2] + 2
        worked = [*CUTS[day][:3], CUTS[day][2] + 2 - 1 / 60]
        for name, so_far in zip(NAMES, worked, strict=True):
            assert rows[day, name] == pytest.approx(96 * so_far / hours, abs=1e-6), (day, name)


def test_only_who_lags_gets_tasks(played: tuple[dict[str, list[datetime]], Result]) -> None:
    """a0 does 40 % night after night: a task in each, and the trainer; nobody else is sent there."""
    result = played[1]
    assert {task.date for task in result.tasks if task.agent == "a0"} == set(DAYS)
    assert {case.agent for case in result.coaching} == {"a0"}
    others = [task for task in result.tasks if task.agent != "a0"]
    assert len(others) <= 0.3 * len(DAYS) * PEOPLE

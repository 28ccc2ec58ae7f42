"""The floor against its own weeks: a bad hour is told, one bad bin and a day that is always quiet are not (DOMAIN §6)."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from schemas.floor import Floor, parse
from services.rules import paths
from services.rules.baselines import DaySummary, learn, summary
from services.rules.day import working_day
from services.rules.outages import Issue, survey
from services.rules.paths import Call, Cells
from services.rules.usual import usual

PEOPLE = 20
MONDAY, FRIDAY = date(2026, 11, 23), date(2026, 11, 20)


@pytest.fixture(scope="module")
def floor() -> Floor:
    agents = ", ".join(f"{{id: a{n}, team: {'t' if n < PEOPLE // 2 else 'u'}}}" for n in range(PEOPLE))
    return parse(
        'timezone: UTC\nday: {start: "09:00", end: "18:00"}\nslices: ["11:00", "14:00", "18:00"]\n'
        f"teams: [{{id: t}}, {{id: u}}]\nagents: [{agents}]\n"
        "sources: [{id: pbx, provider: generic, secrets: {signing: {env: S}}, feeds: [calls]}]\n"
    )


def calls(on: date, pace: Callable[[int], float] = lambda minute: 1.0) -> Cells:
    """A day from 09:00 to 18:00: a call in four minutes of everybody, half as many on Fridays."""
    random, found = Random(f"usual {on}"), []
    for minute in range(540):
        likely = 0.25 * (0.5 if on.weekday() == 4 else 1.0) * pace(minute)
        for agent in range(PEOPLE):
            if random.random() < likely:
                answered = random.random() < 0.3
                at = datetime(on.year, on.month, on.day, 9, tzinfo=UTC) + timedelta(
                    minutes=minute, seconds=2 * agent + 1
                )
                ring = 4 if answered else -1
                found.append(Call(at, "pbx/l", "d", "c", f"a{agent}", answered, False, False, False, False, ring))
    cells: Cells = {}
    paths.put(cells, found)
    return cells


def history(floor: Floor, on: date) -> dict[date, DaySummary]:
    days = [on - timedelta(days=ago) for ago in range(1, 29)]
    return {day: DaySummary(summary(floor, calls(day), floor.zone)) for day in days if day.weekday() < 5}


def issues(floor: Floor, on: date, pace: Callable[[int], float]) -> list[Issue]:
    now = datetime(on.year, on.month, on.day, 18, 5, tzinfo=UTC)
    by = learn(floor, history(floor, on))
    return survey(floor, working_day(floor, on), calls(on, pace), {}, by, (), (), now)


def test_an_hour_at_half_of_the_usual(floor: Floor) -> None:
    """11:00–12:00 at half: told once, of the floor, by its end."""
    (one,) = issues(floor, MONDAY, lambda minute: 0.5 if 120 <= minute < 180 else 1.0)
    assert (one.finding.path, one.finding.evidence["step"]) == (("floor", "floor"), "calls")
    assert f"{one.finding.fired_at:%H:%M}" == "12:00"


@pytest.mark.parametrize(
    ("on", "pace"),
    [
        (MONDAY, lambda minute: 0.5 if 120 <= minute < 150 else 1.0),
        (FRIDAY, lambda minute: 1.0),
    ],
    ids=["one bad half-hour", "a Friday as quiet as every Friday"],
)
def test_what_is_nobodys_trouble(floor: Floor, on: date, pace: Callable[[int], float]) -> None:
    assert issues(floor, on, pace) == []


def test_a_quiet_weekday_is_known_after_one(floor: Floor) -> None:
    """Hours lean on hour of the day × weekday: after a single Friday 13:00 of it is already nearer to its half than to all."""
    only = {day: own for day, own in history(floor, FRIDAY).items() if day.weekday() != 4 or day == date(2026, 11, 13)}
    found = usual(learn(floor, only), (paths.ATTEMPTS,))
    wide, friday = (found.rate("t", paths.ATTEMPTS, weekday, 13) for weekday in (0, 4))
    assert friday / wide < 0.75

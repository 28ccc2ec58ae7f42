"""Drops: how often an even pace is told to have dropped, and how surely a pace that falls within the day is seen (DOMAIN §6)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

import msgspec

from schemas.floor import Floor
from schemas.steps import Step
from services.lab.accuracy.counts import AgentDay, funnel_day, one_step_day, shares
from services.lab.accuracy.floors import DATE, TEAM, five_steps, one_step
from services.lab.accuracy.play import play
from services.lab.accuracy.rates import Expected, Share, at_most
from services.lab.simulate.chance import stream
from services.rules.day import WorkingDay, working_day
from services.rules.drop import drop_of_days, drop_today
from services.rules.norms import norms_of
from services.rules.pace import Point, prior_of


@dataclass(frozen=True, slots=True)
class Course:
    """Paces of a day: up to its middle cut-off and after it."""

    name: str
    first: float
    then: float

    @property
    def even(self) -> bool:
        return self.first == self.then


EVEN: Final = Course("even, 100 %", 1.0, 1.0)
EVEN_70: Final = Course("even, 70 %", 0.7, 0.7)
FALLS_70: Final = Course("falls to 70 %", 1.0, 0.7)
FALLS_50: Final = Course("falls to 50 %", 1.0, 0.5)
COURSES: Final = (EVEN, EVEN_70, FALLS_70, FALLS_50)
TEAM_COURSES: Final = (EVEN, FALLS_70, FALLS_50)
STEP: Final[Step] = "calls"
"""Of the other steps too little is due in a slice of one person: nothing is ever said."""


class DropOf(msgspec.Struct, frozen=True, kw_only=True):
    """Told of one person's calls. Of an even pace shares are of all slices that can be compared, of one that falls of those
    after the fall: ``against_day`` with earlier ones of the day, ``against_past`` with the same one of the least past days;
    ``day``: either, in any of these slices."""

    floor: str
    course: str
    against_day: Share
    against_past: Share
    day: Share
    expected: Expected | None
    agrees: bool | None


class TeamDrop(msgspec.Struct, frozen=True, kw_only=True):
    """Told of a team by the close, on any of its steps: ``slice``, ``day`` as a drop; ``or_cause``: on days, as a drop or as a
    common cause, which takes its place."""

    course: str
    slice: Share
    day: Share
    or_cause: Share
    expected: Expected | None
    agrees: bool | None


class Drops(msgspec.Struct, frozen=True, kw_only=True):
    people: list[DropOf]
    teams: list[TeamDrop]

    @property
    def agrees(self) -> bool:
        return False not in [*(one.agrees for one in self.people), *(one.agrees for one in self.teams)]


@dataclass
class Told:
    """Of one step: per slice that can be compared, and per day."""

    slices: int = 0
    days: int = 0
    today: int = 0
    past: int = 0
    any: int = 0


def work(agents: int, days: int) -> int:
    """Agent-days that ``drops`` reports."""
    return (2 * len(COURSES) + len(TEAM_COURSES)) * agents * _some(days)


def _some(days: int) -> int:
    return max(1, days // 4)


def drops(agents: int, days: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> Drops:
    some = _some(days)
    people = []
    for name, floor in (("one step", one_step(1)), ("five steps", five_steps(1))):
        for course in COURSES:
            people.append(_drop(name, floor, course, tell(name, floor, course, agents * some, seed)))
            advance(agents * some)
    return Drops(people=people, teams=[_teams(course, agents, some, seed, advance) for course in TEAM_COURSES])


def tell(name: str, floor: Floor, course: Course, days: int, seed: int) -> Told:
    """*days* of somebody, each with past days of its own at the pace the day begins with."""
    day, random = working_day(floor, DATE), stream(seed, "drop", name, course.name)
    parts, norms = shares(day), norms_of(floor, floor.agents[0], day.weekday)
    due = [norms[STEP] * part for part in parts]
    past = [part * course.first for part in parts]
    today = [part * pace for part, pace in zip(parts, paces(course, len(parts)), strict=True)]
    found = Told()
    for _ in range(days):
        of_days = [*[past] * floor.judgement.drop.past_days, today]
        played = [_made(floor, len(norms) == 1, random, norms[STEP], own) for own in of_days]
        _tell(floor, day, course, _points(day, played, due), found)
    return found


def _made(floor: Floor, alone: bool, random: Random, norm: float, parts: Sequence[float]) -> AgentDay:
    if alone:
        return one_step_day(random, [norm * part for part in parts], 1.0)
    return funnel_day(random, parts, 1.0, floor.judgement.overdispersion)


def paces(course: Course, slices: int) -> list[float]:
    return [course.first if at < slices // 2 else course.then for at in range(slices)]


def _points(day: WorkingDay, played: Sequence[AgentDay], due: Sequence[float]) -> list[Point]:
    """The last of *played* is today."""
    return [
        Point(DATE - timedelta(days=len(played) - 1 - ago), cut.name, one.get(STEP, 0), expected)
        for ago, own in enumerate(played)
        for cut, one, expected in zip(day.cut_offs, own, due, strict=True)
    ]


def _tell(floor: Floor, day: WorkingDay, course: Course, points: Sequence[Point], told: Told) -> None:
    seen, prior = False, prior_of(floor, floor.agents[0].id, STEP)
    for cut in day.cut_offs[1 if course.even else len(day.cut_offs) // 2 :]:
        today = drop_today(points, DATE, cut.name, floor.judgement, prior) is not None
        past = drop_of_days(points, DATE, cut.name, floor.judgement, prior) is not None
        told.slices, told.today, told.past = told.slices + 1, told.today + today, told.past + past
        seen = seen or today or past
    told.days, told.any = told.days + 1, told.any + seen


def _drop(name: str, floor: Floor, course: Course, told: Told) -> DropOf:
    today, past = (Share.count(hits, told.slices, units=told.days) for hits in (told.today, told.past))
    expected = at_most(round(1 - floor.judgement.drop.probability, 6)) if course.even else None
    return DropOf(
        floor=name,
        course=course.name,
        against_day=today,
        against_past=past,
        day=Share.count(told.any, told.days),
        expected=expected,
        agrees=None if expected is None else expected.agrees(today) and expected.agrees(past),
    )


def _teams(course: Course, agents: int, days: int, seed: int, advance: Callable[[int], object]) -> TeamDrop:
    """Whole teams of TEAM people at one course."""
    floor = five_steps(max(TEAM, agents - agents % TEAM))
    day, phi = working_day(floor, DATE), floor.judgement.overdispersion
    parts = shares(day)
    due = [part * pace for part, pace in zip(parts, paces(course, len(parts)), strict=True)]
    first = 1 if course.even else len(parts) // 2
    per_slice = of_days = either = 0
    for number in range(days):
        random = stream(seed, "drop of a team", course.name, number)
        played = play(floor, {agent.id: funnel_day(random, due, 1.0, phi) for agent in floor.agents})
        per_slice += sum(map(len, played.dropped[first:]))
        dropped = set[str]().union(*played.dropped[first:])
        of_days, either = of_days + len(dropped), either + len(dropped.union(*played.firing[first:]))
        advance(agents)
    teams = len(floor.teams) * days
    in_slices = Share.count(per_slice, teams * (len(parts) - first), units=teams)
    expected = at_most(round(1 - floor.judgement.drop.probability, 6)) if course.even else None
    return TeamDrop(
        course=course.name,
        slice=in_slices,
        day=Share.count(of_days, teams),
        or_cause=Share.count(either, teams),
        expected=expected,
        agrees=None if expected is None else expected.agrees(in_slices),
    )

"""What is worth a look: slow drift, drops of the last slice, habits of the last weeks (DOMAIN §6, §12). Never a verdict."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date as Date
from datetime import timedelta
from typing import Final, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.floor import Floor
from schemas.steps import Step
from services.reads import habits
from services.reads.kept import Kept, key_of
from services.rules.drift import drift
from services.rules.drop import Dropped, drops_at
from services.rules.gaming import Habits, looks, others
from services.rules.pace import Point, points, prior_of

DAYS: Final = 28
"""Calendar days of slices that are looked at."""

What = Literal["drift", "drop_today", "drop_of_days", "pile", "same_number", "quick", "unheard", "late_marks", "unpaid"]


class Frozen(msgspec.Struct, frozen=True, gc=False):
    """Of a frozen slice what paces need: a floor has a hundred thousand of them in the days looked at."""

    date: Date
    slice: str
    agent: str
    step: Step
    team: str
    in_slice: int
    target: float | None
    trusted: bool


class LookRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing worth a look about one agent. ``what`` drift: ``done`` of ``due`` since ``since``; drop: ``done`` of ``due`` in
    ``slice`` after ``before_done`` of ``before_due``; a habit: ``done`` of ``due`` cases where ``usual`` would be usual."""

    agent: str
    team: str
    what: What
    done: float
    due: float
    step: Step | None = None
    slice: str | None = None
    since: Date | None = None
    before_done: int | None = None
    before_due: float | None = None
    probability: float | None = None
    usual: float | None = None


async def read(
    connection: AsyncConnection, kept: Kept, floor: Floor, until: Date, team: str | None = None
) -> list[LookRow]:
    """Of the floor or one team, as of the last slice closed on *until*; sorted by team and agent of the floor file."""
    counted = await habits.read(connection, kept, floor, until, team)
    slow = await _kept(connection, kept, floor, until, team, None)
    found = [*slow, *customs(floor, counted)]
    place = {agent.id: at for at, agent in enumerate(floor.agents)}
    teams = {one.id: at for at, one in enumerate(floor.teams)}
    listed = [row for row in found if row.agent in place]
    return sorted(listed, key=lambda row: (teams.get(row.team, len(teams)), place[row.agent]))


async def drops_of(
    connection: AsyncConnection, kept: Kept, floor: Floor, date: Date, slice_: str, team: str | None = None
) -> list[LookRow]:
    """Drops of everybody, or of one team, at one slice; the surest first."""
    return await _kept(connection, kept, floor, date, team, slice_)


async def _kept(
    connection: AsyncConnection, kept: Kept, floor: Floor, until: Date, team: str | None, slice_: str | None
) -> list[LookRow]:
    """``drops`` at *slice_*, else ``paces``; made anew when a slice of the days looked at has come."""

    async def make() -> list[LookRow]:
        rows = await frozen(connection, until, team)
        if slice_ is None:
            return await asyncio.to_thread(paces, floor, rows, until)
        return await asyncio.to_thread(drops, rows, until, slice_, floor)

    priors = [(agent.id, agent.team) for agent in floor.agents]
    key = key_of("paces", floor.judgement, priors, team, slice_)
    return await kept.of_span(connection, key, until - timedelta(days=DAYS), until, make, of=("slices",))


async def frozen(
    connection: AsyncConnection, until: Date, team: str | None = None, agent: str | None = None
) -> Sequence[Frozen]:
    """Rows of the last DAYS up to *until*, in order of time."""
    columns = tables.slices.c
    query = sa.select(*(columns[name] for name in Frozen.__struct_fields__)).where(
        columns.date.between(until - timedelta(days=DAYS), until)
    )
    if team is not None:
        query = query.where(columns.team == team)
    if agent is not None:
        query = query.where(columns.agent == agent)
    return [Frozen(*row) for row in await connection.execute(query.order_by(columns.date, columns.cut_off))]


def paces(floor: Floor, frozen: Sequence[Frozen], until: Date) -> list[LookRow]:
    """Drift, and drops at the last slice of *until*.

    Args:
        frozen: rows of the days up to *until*, in order of time.
    """
    teams = {row.agent: row.team for row in frozen}
    last = next((row.slice for row in reversed(frozen) if row.date == until), None)
    found, by_key = [], points(frozen)
    for (agent, step), own in by_key.items():
        slow = drift(own, floor.judgement, prior_of(floor, agent, step))
        if slow is not None and slow.since < until:  # what began today is for the verdict of the day to say
            found.append(
                LookRow(
                    agent=agent,
                    team=teams[agent],
                    what="drift",
                    step=step,
                    done=slow.done,
                    due=round(slow.expected, 6),
                    since=slow.since,
                )
            )
    return found if last is None else found + _drops(by_key, teams, until, last, floor)


def drops(frozen: Sequence[Frozen], date: Date, slice_: str, floor: Floor) -> list[LookRow]:
    """Drops at one slice, the surest first.

    Args:
        frozen: rows of the days up to *date*, in order of time; what is later than the slice is not looked at.
    """
    return _drops(points(frozen), {row.agent: row.team for row in frozen}, date, slice_, floor)


def _drops(
    by_key: Mapping[tuple[str, Step], Sequence[Point]], teams: Mapping[str, str], date: Date, slice_: str, floor: Floor
) -> list[LookRow]:
    return [_drop(teams[one.agent], slice_, one) for one in drops_at(by_key, date, slice_, floor)]


def _drop(team: str, slice_: str, found: Dropped) -> LookRow:
    before, now = found.drop.before, found.drop.now
    return LookRow(
        agent=found.agent,
        team=team,
        what=found.against,
        step=found.step,
        slice=slice_,
        done=now.done,
        due=round(now.expected, 6),
        before_done=before.done,
        before_due=round(before.expected, 6),
        probability=round(found.drop.probability, 6),
    )


def customs(floor: Floor, counted: Mapping[str, Habits]) -> list[LookRow]:
    """Habits that stand out."""
    found = []
    by_team: dict[str, dict[str, Habits]] = {}
    for one in counted.values():
        by_team.setdefault(one.team, {})[one.agent] = one
    for one in counted.values():
        for look in looks(one, others(by_team[one.team], one.agent), floor.gaming):
            usual = None if look.usual is None else round(look.usual, 6)
            found.append(
                LookRow(agent=one.agent, team=one.team, what=look.habit, done=look.count, due=look.of, usual=usual)
            )
    return found

"""Coaching cases with what the trainer did and what came of it, the return of the unlucky taken out (DOMAIN §7)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.acts import Close, CoachingAct, Outcome, Plan, TaskAct, coaching_act
from schemas.floor import Floor
from schemas.rows import CoachingRow
from schemas.steps import Step
from services.reads import days
from services.reads.days import DayTotal
from services.rules.day import WorkingDay
from services.rules.effect import Effect, Episode, effect

_coaching, _acts, _doubted = tables.coaching.c, tables.coaching_acts.c, tables.coaching_revisions.c
_stands = (
    sa.select(_doubted.stands)
    .where(_doubted.case == _coaching.case)
    .order_by(_doubted.id.desc())
    .limit(1)
    .scalar_subquery()
)
CASES = sa.select(tables.coaching, sa.func.coalesce(_stands, True).label("stands"))
State = Literal["open", "recheck", "closed"]


@dataclass(frozen=True, slots=True)
class Case:
    case: str
    row: CoachingRow
    team: str
    recheck_on: Date
    evidence: Mapping[str, Any]
    stands: bool = True
    """False: what opened it rests on time that was found technical since."""


@dataclass(frozen=True, slots=True)
class Done:
    """One act that was done. ``act`` is None where a newer version of Srez wrote what this one cannot read."""

    kind: str
    act: TaskAct | CoachingAct | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CaseNow:
    """``since_days``: days with something due since it was opened; ``result`` is None until there is one."""

    case: Case
    state: State
    plan: Plan | None
    closed: Close | None
    trainer: str
    acts: Sequence[Done]
    episode: Episode | None
    result: Effect | None
    since_days: int


class CaseOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A coaching case that was closed on this day (``outcome``), or whose re-check is due and not done (null).

    ``done`` since the case was opened; ``expected`` without help, the return of the unlucky taken out (``low`` … ``high``
    with 80 %); null where nothing was due since.
    """

    agent: str
    step: Step
    opened: datetime
    recheck_on: Date
    trainer: str
    outcome: Outcome | None
    done: int | None
    expected: float | None
    low: int | None
    high: int | None


async def cases(connection: AsyncConnection, floor: Floor, today: Date, team: str | None = None) -> list[CaseNow]:
    """Cases of the last ``coaching.shown_days`` days, the newest first."""
    found = await find(connection, since=today - timedelta(days=floor.coaching.shown_days), team=team)
    return await _now(connection, floor, today, found[::-1])


async def case(connection: AsyncConnection, floor: Floor, today: Date, case_id: str) -> CaseNow | None:
    found = await one(connection, case_id)
    return None if found is None else (await _now(connection, floor, today, [found]))[0]


def outcome(one: CaseNow, floor: Floor, day: WorkingDay) -> CaseOutcome | None:
    """None of a case that was neither closed on that day nor waits for its re-check then."""
    row = one.case.row
    closed_at = next((act.at for act in one.acts if act.act is one.closed and one.closed is not None), None)
    ended = closed_at is not None and day.starts < closed_at <= day.ends
    if not ended and ((closed_at is not None and closed_at <= day.starts) or one.case.recheck_on > day.date):
        return None
    if one.case.row.lifted is not None:
        return None
    found = one.result
    return CaseOutcome(
        agent=row.agent,
        step=row.step,
        opened=row.opened.astimezone(floor.zone),
        recheck_on=one.case.recheck_on,
        trainer=one.trainer,
        outcome=one.closed.outcome if ended and one.closed else None,
        done=found.done if found else None,
        expected=round(found.expected, 6) if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
    )


def before_of(floor: Floor) -> timedelta:
    """So long before its opening a case looks back for how the agent was."""
    return timedelta(days=floor.coaching.before_days)


async def _now(connection: AsyncConnection, floor: Floor, today: Date, found: Sequence[Case]) -> list[CaseNow]:
    done = await of_cases(connection, [one.case for one in found])
    first = min((one.row.date for one in found), default=today) - before_of(floor)
    totals = await days.of_agents(connection, sorted({one.row.agent for one in found}), first, today)
    return [_case(one, done.get(one.case, ()), totals, floor, today) for one in found]


def _case(one: Case, done: Sequence[Done], totals: Iterable[DayTotal], floor: Floor, today: Date) -> CaseNow:
    plans = [act.act for act in done if isinstance(act.act, Plan)]
    closed = next((act.act for act in done if isinstance(act.act, Close)), None)
    plan = plans[-1] if plans else None
    team = floor.team_by_id.get(one.team)
    own = [total for total in totals if (total.agent, total.step) == (one.row.agent, one.row.step)]
    before = [total for total in own if one.row.date - before_of(floor) <= total.date <= one.row.date]
    since = [total for total in own if one.row.date < total.date <= max(one.recheck_on, one.row.date)]
    episode = None
    if before and since and one.row.lifted is None:
        episode = Episode(
            one.row.agent,
            sum(total.done for total in before),
            sum(total.due for total in before),
            sum(total.done for total in since),
            sum(total.due for total in since),
            floor.judgement.of(one.team, one.row.step),
        )
    result = None
    if episode:
        result = effect(episode.done_before, episode.due_before, episode.done_since, episode.due_since, episode.by)
    state: State = "closed" if closed or one.row.lifted else "recheck" if today >= one.recheck_on else "open"
    trainer = (plan.trainer if plan else "") or (team.trainer if team else None) or ""
    return CaseNow(one, state, plan, closed, trainer, done, episode, result, len(since))


async def find(
    connection: AsyncConnection,
    *,
    day: Date | None = None,
    recheck_from: Date | None = None,
    since: Date | None = None,
    team: str | None = None,
    agent: str | None = None,
) -> list[Case]:
    """Coaching cases in order of opening; *recheck_from* keeps those that were not lifted and whose re-check day has not
    passed."""
    query = CASES
    if day is not None:
        query = query.where(_coaching.date == day)
    if since is not None:
        query = query.where(_coaching.date >= since)
    if recheck_from is not None:
        query = query.where(_coaching.recheck_on >= recheck_from, _coaching.lifted.is_(None))
    for column, value in ((_coaching.team, team), (_coaching.agent, agent)):
        if value is not None:
            query = query.where(column == value)
    rows = (await connection.execute(query.order_by(_coaching.opened, _coaching.agent))).all()
    return [_row(row) for row in rows]


async def one(connection: AsyncConnection, case: str) -> Case | None:
    row = (await connection.execute(CASES.where(_coaching.case == case))).one_or_none()
    return None if row is None else _row(row)


def _row(row: Any) -> Case:
    shown = CoachingRow(
        date=row.date, agent=row.agent, step=row.step, opened=row.opened, reason=row.reason, lifted=row.lifted
    )
    return Case(row._mapping["case"], shown, row.team, row.recheck_on, row.evidence or {}, row.stands)


async def of_cases(connection: AsyncConnection, cases: list[str]) -> dict[str, list[Done]]:
    """Case → its acts, oldest first."""
    found: dict[str, list[Done]] = {}
    if cases:
        query = sa.select(tables.coaching_acts).where(_acts.case.in_(cases)).order_by(_acts.id)
        for row in await connection.execute(query):
            act = read_coaching(row.act, row.arguments)
            found.setdefault(row._mapping["case"], []).append(Done(row.act, act, row.at, row.by))
    return found


def read_coaching(kind: str, arguments: Any) -> CoachingAct | None:
    """None of what a newer version of Srez wrote and this one cannot read."""
    try:
        return coaching_act(kind, arguments)
    except (KeyError, msgspec.ValidationError):
        return None

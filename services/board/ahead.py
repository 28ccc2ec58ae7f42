"""The month's payments and the money at risk, for the floor and teams: gathers what is known and lets the rules say it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, Team
from schemas.steps import STEPS, Step
from services.board.storage import forecasts
from services.board.today import Today
from services.reads import answers, funnel, invoices, states, technical
from services.reads.day import exposures_of
from services.reads.forecast import of_team
from services.reads.kept import Kept, key_of
from services.reads.risk import Steps, day_steps, mean_of, risk_of_day
from services.rules.day import WorkingDay, is_working, working_day
from services.rules.exposure import NONE, States, scheduled
from services.rules.forecast import Forecast
from services.rules.money.books import Books
from services.rules.money.lag import Lag
from services.rules.money.month import Month, Rest, Sales
from services.rules.money.months import MonthsTold
from services.rules.money.outlook import Outlook, days_between, lag_of, last_of_month, outlooks
from services.rules.money.record import CameOut, Record, record
from services.rules.money.risk import AtRisk, Planned, added, at_risk, claims
from services.rules.money.units import unit
from services.rules.norms import norms_of
from services.rules.target import dues

_Lost = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is read beside the day's reading. ``before``: team → step → the working days of the month before today."""

    books: Books
    before: Mapping[str, Steps]
    lost_month: Mapping[str, float]
    foretold: Mapping[str, Sequence[CameOut]]
    """Slice → forecasts of the day whose day is over."""
    months: MonthsTold


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """Open invoices of one age bracket; ``to`` None: and older. ``chance``: mean share paid before the month ends."""

    since: int
    to: int | None
    count: int
    minor: int
    chance: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """One scope. Risks are None without a plan, or where payments cannot be turned into money."""

    scope: str
    team: Team | None
    day: Forecast | None
    month: Month
    mean_minor: float | None
    day_risk: AtRisk | None
    month_risk: AtRisk | None


@dataclass(frozen=True, slots=True)
class Foresight:
    scopes: tuple[Ahead, ...]
    lag: Lag
    ages: tuple[AgeGroup, ...]
    payments: int
    """Recent payments, and how many of them belong to an invoice we know."""
    linked: int
    others: Mapping[str, int]
    """Currency → paid this month, net of refunds; the reporting one is not among them."""
    records: tuple[Record, ...]
    months: MonthsTold


async def read(connection: AsyncConnection, kept: Kept, today: Today, now: datetime) -> Seen:
    floor, date = today.floor, today.date
    month = date.replace(day=1)
    return Seen(
        books=await invoices.of_days(connection, kept, floor, date),
        before=await _before(connection, kept, today, month),
        lost_month=await answers.lost(connection, floor, month, date, now),
        foretold=await forecasts.payments(connection, floor, date),
        months=await forecasts.months(connection, floor, date),
    )


async def _before(connection: AsyncConnection, kept: Kept, today: Today, month: Date) -> Mapping[str, Steps]:
    """What the month's days before today planned and lost, by team."""
    floor, ends = today.floor, today.day.starts
    days = {day: working_day(floor, day) for day in _working(floor, month, today.date - timedelta(days=1))}
    if not days:
        return {}
    lost = await technical.between(connection, days[min(days)].starts, ends)
    spans = {date: _touching(lost, day) for date, day in days.items()}

    async def make(date: Date) -> Mapping[str, Steps]:
        counts = await funnel.by_agent(connection, floor, date, days[date].ends)
        seen = await states.of_day(connection, date)
        return await asyncio.to_thread(_of_day, floor, days[date], counts, seen, spans[date])

    key = key_of("month before", today.version, [agent.id for agent in floor.agents])
    found = await kept.of_days(connection, key, list(days), make, beside=spans)
    return {team.id: _summed(of_day.get(team.id, {}) for of_day in found.values()) for team in floor.teams}


def _working(floor: Floor, first: Date, last: Date) -> list[Date]:
    return [day for day in days_between(first, last) if is_working(floor, day)]


def _touching(lost: Mapping[str, Sequence[_Lost]], day: WorkingDay) -> Mapping[str, Sequence[_Lost]]:
    """Of what was *lost*, by agent, what touches the day."""
    found = {}
    for agent, own in lost.items():
        if of_day := [one for one in own if one[0] < day.ends and (one[1] is None or one[1] > day.starts)]:
            found[agent] = of_day
    return found


def _of_day(
    floor: Floor,
    day: WorkingDay,
    counts: Mapping[str, funnel.AgentCount],
    seen: Mapping[str, States],
    lost: Mapping[str, Sequence[_Lost]],
) -> Mapping[str, Steps]:
    """What one day planned and lost, by team. A day without facts says nothing, nor does a step that nobody has a count of
    on that day: its source was not connected, and nobody is charged with it."""
    if not counts:
        return {}
    told = {step for step in STEPS if any(one.done.get(step) for one in counts.values())}
    own = exposures_of(floor, day, seen, lost, day.ends)
    found: dict[str, dict[Step, list[Planned]]] = {}
    for agent in floor.agents:
        done = counts[agent.id].done if agent.id in counts else {}
        exposed = own.get(agent.id, NONE)
        norms = norms_of(floor, agent, day.weekday)
        whole = dues(norms, exposed.scheduled, day.of(agent.team), day.starts, day.ends)
        gone = dues(norms, exposed.technical, day.of(agent.team), day.starts, day.ends)
        for step in norms:
            has = done.get(step, 0) if step in told else whole[step] - gone[step]
            one = Planned(has, whole[step], gone[step], whole[step])
            found.setdefault(agent.team, {}).setdefault(step, []).append(one)
    return {team: {step: added(every) for step, every in steps.items()} for team, steps in found.items()}


def _summed(parts: Iterable[Steps]) -> Steps:
    found: dict[Step, list[Planned]] = {}
    for part in parts:
        for step, one in part.items():
            found.setdefault(step, []).append(one)
    return {step: added(found[step]) for step in STEPS if step in found}


def foresee(today: Today, seen: Seen, now: datetime, *, teams: bool = True) -> Foresight:
    """The floor and its teams; without *teams* the floor alone."""
    floor, date, books = today.floor, today.date, seen.books
    lag = lag_of(books, date)
    found = outlooks(floor, today.day, today.exposures, books, lag, now, teams=floor.teams if teams else ())
    months = _months(today, seen, now)
    others: dict[str, int] = {}
    for one in books.payments:
        if one.currency != floor.currency and one.day >= date.replace(day=1):
            others[one.currency] = others.get(one.currency, 0) + one.minor - one.refunded_minor
    whole = found[0]
    return Foresight(
        scopes=tuple(_ahead(today, seen, one, now, months[one.scope]) for one in found),
        lag=lag,
        ages=tuple(_ages(whole.sales, lag, whole.rest)),
        payments=whole.sales.payments,
        linked=whole.sales.linked,
        others=others,
        records=tuple(record(slice_, ends) for slice_, ends in seen.foretold.items()),
        months=seen.months,
    )


def _months(today: Today, seen: Seen, now: datetime) -> Mapping[str, Steps]:
    """Scope → the month's steps: the days before, today so far, and what is planned of the days to come."""
    floor, to_come = today.floor, _to_come(today)
    found = {
        f"team:{team.id}": _summed(
            [day_steps(today, team, now), seen.before.get(team.id, {}), to_come.get(team.id, {})]
        )
        for team in floor.teams
    }
    return {f"floor:{floor.floor}": _summed(found.values()), **found}


def _ahead(today: Today, seen: Seen, one: Outlook, now: datetime, of_month: Steps) -> Ahead:
    floor, team, month, amounts = today.floor, one.team, one.month, one.sales.amounts
    day = of_team(today, team, "payments", now) if today.day.working else None
    mean = mean_of(amounts, floor)
    lost_month = _of(seen.lost_month, team)
    by, grain = floor.judgement, unit(floor.currency)
    short = None
    if month.minor is not None and month.minor.plan is not None:
        short = month.minor.plan - month.minor.median
    elif month.count is not None and month.count.plan is not None and mean is not None:
        short = (month.count.plan - month.count.median) * mean
    return Ahead(
        scope=one.scope,
        team=team,
        day=day,
        month=month,
        mean_minor=mean,
        day_risk=risk_of_day(today, team, mean, now),
        month_risk=None if short is None else at_risk(short, claims(of_month, lost_month, by), mean or 0.0, grain),
    )


def _to_come(today: Today) -> Mapping[str, Steps]:
    """Team → what is planned of the month's days after today."""
    floor = today.floor
    found: dict[str, dict[Step, list[Planned]]] = {}
    for date in _working(floor, today.date + timedelta(days=1), last_of_month(today.date)):
        day = working_day(floor, date)
        for agent in floor.agents:
            plan = scheduled(floor, day, agent)
            norms = norms_of(floor, agent, day.weekday)
            for step, whole in dues(norms, plan, day.of(agent.team), day.starts, day.ends).items():
                found.setdefault(agent.team, {}).setdefault(step, []).append(Planned(0, 0.0, 0.0, whole))
    return {team: {step: added(every) for step, every in steps.items()} for team, steps in found.items()}


def _ages(sales: Sales, lag: Lag, rest: Rest) -> Iterator[AgeGroup]:
    """Open invoices by how long they wait; empty brackets are left out."""
    for since, to in ((0, 2), (3, 6), (7, 13), (14, 29), (30, None)):
        own = [one for one in sales.open if since <= one.age and (to is None or one.age <= to)]
        count = sum(one.count for one in own)
        if count:
            chances = sum(one.count * lag.chance(one.age, rest.last, rest.today_share) for one in own)
            yield AgeGroup(since, to, count, sum(one.count * (one.minor or 0) for one in own), chances / count)


def _of(lost: Mapping[str, float], team: Team | None) -> float:
    return sum(lost.values()) if team is None else lost.get(team.id, 0.0)

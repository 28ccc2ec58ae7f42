"""The month's payments and the money at risk, for the floor and teams: gathers what is known and lets the rules say it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, Team
from schemas.steps import STEPS, Step
from services.board.forecast import of_team
from services.board.storage import answers, forecasts, funnel, invoices, states, technical
from services.board.storage.invoices import InvoiceGroup, PaymentGroup
from services.board.today import Today, exposures_of
from services.board.words.numbers import EXPONENTS
from services.rules.day import is_working, working_day
from services.rules.exposure import NONE, scheduled
from services.rules.forecast import MIN_PAYMENTS, Forecast, month_plan
from services.rules.money.lag import Lag, Settled, learn
from services.rules.money.month import Amounts, Month, OpenInvoices, Rest, Sales, end_of_month
from services.rules.money.record import CameOut, Record, record
from services.rules.money.risk import AtRisk, Claims, Planned, added, at_risk, claims, planned
from services.rules.norms import norms_of
from services.rules.spans import at, minutes
from services.rules.target import dues

LAG_DAYS: Final = 90
"""The lag is learned from invoices of so many days; older ones are no longer waited for."""
PACE_DAYS: Final = 30
"""The pace of invoices and the mean payment are those of so many days before today."""

Steps = Mapping[Step, Planned]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is read beside the day's reading. ``before``: team → step → the working days of the month before today."""

    invoices: Sequence[InvoiceGroup]
    payments: Sequence[PaymentGroup]
    before: Mapping[str, Steps]
    lost_month: Mapping[str, float]
    foretold: Mapping[str, Sequence[CameOut]]
    """Slice → forecasts of the day whose day is over."""


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


async def read(connection: AsyncConnection, today: Today, now: datetime) -> Seen:
    floor, date = today.floor, today.date
    month = date.replace(day=1)
    first = min(month, date - timedelta(days=LAG_DAYS))
    return Seen(
        invoices=await invoices.invoices(connection, floor, first, date),
        payments=await invoices.payments(connection, floor, first, date),
        before=await _before(connection, today, month),
        lost_month=await answers.lost(connection, floor, month, date, now),
        foretold=await forecasts.payments(connection, floor, date),
    )


async def _before(connection: AsyncConnection, today: Today, month: Date) -> Mapping[str, Steps]:
    """What the month's days before today planned and lost. A day without facts says nothing, nor does a step that nobody
    has a count of on that day: its source was not connected, and nobody is charged with it."""
    floor, date = today.floor, today.date
    lost: dict[tuple[str, Step], list[Planned]] = {}
    for day_ in _days(month, date - timedelta(days=1)):
        if not is_working(floor, day_):
            continue
        day = working_day(floor, day_)
        counts = await funnel.by_agent(connection, floor, day_, day.ends)
        if not counts:
            continue
        spans = await technical.between(connection, day.starts, day.ends)
        told = {step for step in STEPS if any(one.done.get(step) for one in counts.values())}
        own = exposures_of(floor, day, await states.of_day(connection, day_), spans, day.ends)
        for agent in floor.agents:
            done = counts[agent.id].done if agent.id in counts else {}
            exposed = own.get(agent.id, NONE)
            norms = norms_of(floor, agent, day.weekday)
            whole = dues(norms, exposed.scheduled, day.of(agent.team), day.starts, day.ends)
            gone = dues(norms, exposed.technical, day.of(agent.team), day.starts, day.ends)
            for step in norms:
                has = done.get(step, 0) if step in told else whole[step] - gone[step]
                one = Planned(has, whole[step], gone[step], whole[step])
                lost.setdefault((agent.team, step), []).append(one)
    return {
        team.id: {step: added(lost[team.id, step]) for step in STEPS if (team.id, step) in lost} for team in floor.teams
    }


def foresee(today: Today, seen: Seen, now: datetime) -> Foresight:
    floor, date = today.floor, today.date
    lag = learn((Settled(one.issued, one.paid, one.count) for one in seen.invoices), date)
    rest = {team.id: _rest(today, now, team) for team in floor.teams}
    groups: list[tuple[str, Team | None]] = [(f"floor:{floor.floor}", None)]
    groups += [(f"team:{team.id}", team) for team in floor.teams]
    whole = _sales(today, seen, None)
    recent = [one for one in seen.payments if _recent(one.day, date)]
    others: dict[str, int] = {}
    for one in seen.payments:
        if one.currency != floor.currency and one.day >= date.replace(day=1):
            others[one.currency] = others.get(one.currency, 0) + one.minor - one.refunded_minor
    return Foresight(
        scopes=tuple(_ahead(today, seen, scope, team, whole, lag, rest, now) for scope, team in groups),
        lag=lag,
        ages=tuple(_ages(whole, lag, _rest(today, now, None))),
        payments=sum(one.count for one in recent),
        linked=sum(one.linked for one in recent),
        others=others,
        records=tuple(record(slice_, ends) for slice_, ends in seen.foretold.items()),
    )


def _ahead(
    today: Today,
    seen: Seen,
    scope: str,
    team: Team | None,
    whole: Sales,
    lag: Lag,
    rest: Mapping[str, Rest],
    now: datetime,
) -> Ahead:
    floor = today.floor
    sales = whole if team is None else _sales(today, seen, team)
    if sales.amounts.count < MIN_PAYMENTS:
        sales = _with_amounts(sales, whole.amounts)
    plan = month_plan(floor, today.date, team.id if team else None)
    month = end_of_month(
        sales,
        lag,
        rest[team.id] if team else _rest(today, now, None),
        plan,
        overdispersion=floor.judgement.overdispersion,
        seed=f"{today.date}|{scope}",
    )
    day = of_team(today, team, "payments", now) if today.day.working else None
    mean = sales.amounts.mean if sales.amounts.count >= MIN_PAYMENTS else None
    of_day, of_month = day_steps(today, team, now), _month_steps(today, seen, team, now)
    lost_today, lost_month = (_of(lost, team) for lost in (today.lost_answers, seen.lost_month))
    by, grain = floor.judgement, unit(floor.currency)
    short = None
    if month.minor is not None and month.minor.plan is not None:
        short = month.minor.plan - month.minor.median
    elif month.count is not None and month.count.plan is not None and mean is not None:
        short = (month.count.plan - month.count.median) * mean
    return Ahead(
        scope=scope,
        team=team,
        day=day,
        month=month,
        mean_minor=mean,
        day_risk=day_risk(day, claims(of_day, lost_today, by), mean, grain),
        month_risk=None if short is None else at_risk(short, claims(of_month, lost_month, by), mean or 0.0, grain),
    )


def day_risk(day: Forecast | None, claimed: Claims, mean_minor: float | None, grain: int) -> AtRisk | None:
    """Money at risk of today in multiples of *grain* minor units; None without a plan or a mean payment."""
    if day is None or day.plan is None or mean_minor is None:
        return None
    return at_risk((day.plan - day.median) * mean_minor, claimed, mean_minor, grain)


def unit(currency: str) -> int:
    """Minor units in one of *currency*."""
    return int(10 ** EXPONENTS.get(currency, 2))


def day_steps(today: Today, team: Team | None, now: datetime) -> Steps:
    """Today's steps against their norms, of those who have one."""
    found: dict[Step, list[Planned]] = {}
    for agent in today.floor.agents:
        if team is not None and agent.team != team.id:
            continue
        own, done = today.exposures.get(agent.id, NONE), today.agents[agent.id].done
        for step, norm in today.norms.get(agent.id, {}).items():
            found.setdefault(step, []).append(planned(done.get(step, 0), norm, own, today.day_of(agent.id), now, step))
    return {step: added(found[step]) for step in STEPS if step in found}


def _month_steps(today: Today, seen: Seen, team: Team | None, now: datetime) -> Steps:
    """The days before, today so far, and what is planned of the days to come."""
    of_day = day_steps(today, team, now)
    found: dict[Step, list[Planned]] = {step: [one] for step, one in of_day.items()}
    for id_, steps in seen.before.items():
        if team is None or id_ == team.id:
            for step, one in steps.items():
                found.setdefault(step, []).append(one)
    for day_ in _days(today.date + timedelta(days=1), _last(today.date)):
        if not is_working(today.floor, day_):
            continue
        day = working_day(today.floor, day_)
        for agent in today.floor.agents:
            if team is None or agent.team == team.id:
                plan = scheduled(today.floor, day, agent)
                norms = norms_of(today.floor, agent, day.weekday)
                for step, whole in dues(norms, plan, day.of(agent.team), day.starts, day.ends).items():
                    found.setdefault(step, []).append(Planned(0, 0.0, 0.0, whole))
    return {step: added(found[step]) for step in STEPS if step in found}


def _sales(today: Today, seen: Seen, team: Team | None) -> Sales:
    floor, date = today.floor, today.date
    issued = [one for one in seen.invoices if team is None or one.team == team.id]
    paid = [one for one in seen.payments if team is None or one.team == team.id]
    month = [one for one in paid if one.day >= date.replace(day=1)]
    recent = [one for one in paid if _recent(one.day, date)]
    ours = [one for one in recent if one.currency == floor.currency]
    count, minor = sum(one.count for one in recent), sum(one.minor for one in ours)
    amounts = Amounts(sum(one.count for one in ours), float(minor), sum(one.squares for one in ours))
    known_since = min((one.issued for one in seen.invoices), default=date)
    return Sales(
        paid_count=sum(one.count for one in month),
        paid_minor=sum(one.minor - one.refunded_minor for one in month if one.currency == floor.currency),
        open=[
            OpenInvoices((date - one.issued).days, one.minor if one.currency == floor.currency else None, one.count)
            for one in issued
            if one.paid is None
        ],
        recent_invoices=sum(one.count for one in issued if _recent(one.issued, date)),
        recent_unlinked=sum(one.count - one.linked for one in recent),
        recent_min=_scheduled_min(floor, max(known_since, date - timedelta(days=PACE_DAYS)), date, team),
        amounts=amounts,
        ours_share=amounts.count / count if count else 1.0,
        kept_share=max(0.0, 1 - sum(one.refunded_minor for one in ours) / minor) if minor > 0 else 1.0,
        linked=sum(one.linked for one in recent),
        payments=count,
    )


def _with_amounts(sales: Sales, amounts: Amounts) -> Sales:
    return Sales(**{name: getattr(sales, name) for name in Sales.__dataclass_fields__} | {"amounts": amounts})


def _rest(today: Today, now: datetime, team: Team | None) -> Rest:
    floor, date, day = today.floor, today.date, today.day
    members = [agent for agent in floor.agents if team is None or agent.team == team.id]
    left = sum(today.exposures.get(agent.id, NONE).minutes(now, day.ends) for agent in members)
    days = [(0, left)] if left > 0 else []
    for later in _days(date + timedelta(days=1), _last(date)):
        minutes_ = _scheduled_min(floor, later, later + timedelta(days=1), team)
        if minutes_ > 0:
            days.append(((later - date).days, minutes_))
    share = (day.ends - now) / (day.ends - day.starts)
    if day.working and day.standard_min:
        share = minutes(day.standard, at(now), at(day.ends)) / day.standard_min
    return Rest(days, (_last(date) - date).days, min(1.0, max(0.0, share)))


def _scheduled_min(floor: Floor, first: Date, before: Date, team: Team | None) -> float:
    found = 0.0
    for date in _days(first, before - timedelta(days=1)):
        if is_working(floor, date):
            day = working_day(floor, date)
            for agent in floor.agents:
                if team is None or agent.team == team.id:
                    found += minutes(scheduled(floor, day, agent), at(day.starts), at(day.ends))
    return found


def _ages(sales: Sales, lag: Lag, rest: Rest) -> Iterator[AgeGroup]:
    """Open invoices by how long they wait; empty brackets are left out."""
    for since, to in ((0, 2), (3, 6), (7, 13), (14, 29), (30, None)):
        own = [one for one in sales.open if since <= one.age and (to is None or one.age <= to)]
        count = sum(one.count for one in own)
        if count:
            chances = sum(one.count * lag.chance(one.age, rest.last, rest.today_share) for one in own)
            yield AgeGroup(since, to, count, sum(one.count * (one.minor or 0) for one in own), chances / count)


def _recent(day: Date, today: Date) -> bool:
    return today - timedelta(days=PACE_DAYS) <= day < today


def _of(lost: Mapping[str, float], team: Team | None) -> float:
    return sum(lost.values()) if team is None else lost.get(team.id, 0.0)


def _last(date: Date) -> Date:
    return (date.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _days(first: Date, last: Date) -> Iterator[Date]:
    return (first + timedelta(days=away) for away in range((last - first).days + 1))

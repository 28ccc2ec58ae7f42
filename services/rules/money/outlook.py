"""The month of the floor and its teams, from invoices, payments and the calendar: the same at a close and on the board."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from datetime import datetime, timedelta

from schemas.floor import Agent, Floor, Team
from services.rules.day import WorkingDay, is_working, working_day
from services.rules.exposure import NONE, Exposure, scheduled
from services.rules.forecast import month_plan
from services.rules.money.books import Books, InvoiceGroup, PaymentGroup
from services.rules.money.lag import Lag, Settled, learn
from services.rules.money.month import Amounts, Month, OpenInvoices, Rest, Sales, end_of_month
from services.rules.spans import at, minutes

Minutes = Mapping[Date, Mapping[str, float]]
"""Working day → team → minutes scheduled."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One scope. ``team`` None: the whole floor. A team with too few payments of its own has the floor's amounts."""

    scope: str
    team: Team | None
    sales: Sales
    rest: Rest
    month: Month


def lag_of(books: Books, date: Date) -> Lag:
    return learn((Settled(one.issued, one.paid, one.count) for one in books.invoices), date)


def outlooks(
    floor: Floor,
    day: WorkingDay,
    exposures: Mapping[str, Exposure],
    books: Books,
    lag: Lag,
    now: datetime,
    *,
    teams: Sequence[Team] | None = None,
) -> list[Outlook]:
    """The floor, then *teams*, by default all as they stand in the floor file.

    Args:
        day: the floor's own, with *now* in it. exposures: today's, by agent.
    """
    date = day.date
    past = min((one.issued for one in books.invoices), default=date)
    since = max(past, date - timedelta(days=floor.forecast.pace_days))
    planned = scheduled_min(floor, since, last_of_month(date))
    whole, of_team = _sales(floor, date, books, planned, None), _by_team(floor, books)
    found = []
    scopes: list[tuple[str, Team | None]] = [(f"floor:{floor.floor}", None)]
    for scope, team in [*scopes, *((f"team:{one.id}", one) for one in (floor.teams if teams is None else teams))]:
        sales = whole if team is None else _sales(floor, date, of_team[team.id], planned, team)
        if sales.amounts.count < floor.forecast.min_payments:
            sales = replace(sales, amounts=whole.amounts)
        rest = _rest(floor, day, exposures, planned, team, now)
        month = end_of_month(
            *(sales, lag, rest, month_plan(floor, date, team.id if team else None)),
            overdispersion=floor.judgement.overdispersion,
            seed=f"{date}|{scope}",
            by=floor.forecast,
        )
        found.append(Outlook(scope, team, sales, rest, month))
    return found


def scheduled_min(floor: Floor, first: Date, last: Date) -> Minutes:
    """Of the working days *first* … *last*, by today's roster and shifts. Agents alike are counted once."""
    alike: dict[object, list[Agent]] = {}
    for agent in floor.agents:
        alike.setdefault((agent.team, agent.shifts, agent.since, agent.until, agent.absent), []).append(agent)
    found: dict[Date, dict[str, float]] = {}
    for date in days_between(first, last):
        if is_working(floor, date):
            day, own = working_day(floor, date), found.setdefault(date, {})
            for people in alike.values():
                each = minutes(scheduled(floor, day, people[0]), at(day.starts), at(day.ends))
                own[people[0].team] = own.get(people[0].team, 0.0) + len(people) * each
    return found


def days_between(first: Date, last: Date) -> Iterator[Date]:
    """Both included."""
    return (first + timedelta(days=away) for away in range((last - first).days + 1))


def last_of_month(date: Date) -> Date:
    return (date.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _by_team(floor: Floor, books: Books) -> Mapping[str, Books]:
    issued: dict[str, list[InvoiceGroup]] = {team.id: [] for team in floor.teams}
    paid: dict[str, list[PaymentGroup]] = {team.id: [] for team in floor.teams}
    for invoices in books.invoices:
        issued[invoices.team].append(invoices)
    for payments in books.payments:
        paid[payments.team].append(payments)
    return {team.id: Books(issued[team.id], paid[team.id]) for team in floor.teams}


def amounts_of(floor: Floor, date: Date, books: Books) -> Amounts:
    """What single payments of the ``forecast.pace_days`` before *date* brought, in the reporting currency."""
    begins = date - timedelta(days=floor.forecast.pace_days)
    ours = [one for one in books.payments if begins <= one.day < date and one.currency == floor.currency]
    minor, squares = sum(one.minor for one in ours), sum(one.squares for one in ours)
    return Amounts(sum(one.count for one in ours), float(minor), float(squares))


def _sales(floor: Floor, date: Date, books: Books, planned: Minutes, team: Team | None) -> Sales:
    """Of *books* that hold nothing but the team's, or all of the floor."""
    issued, paid = books.invoices, books.payments
    begins = date - timedelta(days=floor.forecast.pace_days)
    month = [one for one in paid if one.day >= date.replace(day=1)]
    recent = [one for one in paid if begins <= one.day < date]
    ours = [one for one in recent if one.currency == floor.currency]
    count, minor = sum(one.count for one in recent), sum(one.minor for one in ours)
    amounts = amounts_of(floor, date, books)
    waiting: dict[tuple[int, int | None], int] = {}
    for one in issued:
        if one.paid is None:
            key = (date - one.issued).days, one.minor if one.currency == floor.currency else None
            waiting[key] = waiting.get(key, 0) + one.count
    return Sales(
        paid_count=sum(one.count for one in month),
        paid_minor=sum(one.minor - one.refunded_minor for one in month if one.currency == floor.currency),
        open=[
            OpenInvoices(age, each, waiting[age, each])
            for age, each in sorted(waiting, key=lambda key: (key[0], key[1] is None, key[1] or 0))
        ],
        recent_invoices=sum(one.count for one in issued if begins <= one.issued < date),
        recent_unlinked=sum(one.count - one.linked for one in recent),
        recent_min=sum(_of(own, team) for day, own in planned.items() if day < date),
        amounts=amounts,
        ours_share=amounts.count / count if count else 1.0,
        kept_share=max(0.0, 1 - sum(one.refunded_minor for one in ours) / minor) if minor > 0 else 1.0,
        linked=sum(one.linked for one in recent),
        payments=count,
    )


def _rest(
    floor: Floor,
    day: WorkingDay,
    exposures: Mapping[str, Exposure],
    planned: Minutes,
    team: Team | None,
    now: datetime,
) -> Rest:
    members = [agent for agent in floor.agents if team is None or agent.team == team.id]
    left = sum(exposures.get(agent.id, NONE).minutes(now, day.ends) for agent in members)
    days = [(0, left)] if left > 0 else []
    days += [
        ((later - day.date).days, own)
        for later, teams in planned.items()
        if later > day.date and (own := _of(teams, team)) > 0
    ]
    share = (day.ends - now) / (day.ends - day.starts)
    if day.working and day.standard_min:
        share = minutes(day.standard, at(now), at(day.ends)) / day.standard_min
    return Rest(days, (last_of_month(day.date) - day.date).days, min(1.0, max(0.0, share)))


def _of(own: Mapping[str, float], team: Team | None) -> float:
    return sum(own.values()) if team is None else own.get(team.id, 0.0)

"""Money at risk today (DOMAIN §11, docs/decisions/0024-money-at-risk.md)."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime

from schemas.floor import Floor, Team
from schemas.steps import STEPS, Step
from services.reads.day import DayNow
from services.reads.forecast import of_team
from services.rules.exposure import NONE
from services.rules.forecast import Forecast
from services.rules.money.books import Books
from services.rules.money.month import Amounts
from services.rules.money.outlook import amounts_of
from services.rules.money.risk import AtRisk, Claims, Planned, added, at_risk, claims, planned
from services.rules.money.units import unit

Steps = Mapping[Step, Planned]


def of_floor(today: DayNow, books: Books, now: datetime) -> AtRisk | None:
    """Of the whole floor; None without a plan, or where payments cannot be turned into money."""
    return risk_of_day(today, None, mean_payment(books, today.floor, today.date), now)


def mean_payment(books: Books, floor: Floor, date: Date) -> float | None:
    """What a payment of the floor brings on *date*, minor units, for pages, messages and series alike; None of too few."""
    return mean_of(amounts_of(floor, date, books), floor)


def mean_of(amounts: Amounts, floor: Floor) -> float | None:
    """What a payment brings, minor units; None of too few."""
    return amounts.mean if amounts.count >= floor.forecast.min_payments else None


def risk_of_day(today: DayNow, team: Team | None, mean_minor: float | None, now: datetime) -> AtRisk | None:
    """Of a team, or of the whole floor where *team* is None."""
    day = of_team(today, team, "payments", now) if today.day.working else None
    lost = today.lost_answers
    gone = sum(lost.values()) if team is None else lost.get(team.id, 0.0)
    claimed = claims(day_steps(today, team, now), gone, today.floor.judgement)
    return day_risk(day, claimed, mean_minor, unit(today.floor.currency))


def day_risk(day: Forecast | None, claimed: Claims, mean_minor: float | None, grain: int) -> AtRisk | None:
    """Money at risk of today in multiples of *grain* minor units; None without a plan or a mean payment."""
    if day is None or day.plan is None or mean_minor is None:
        return None
    return at_risk((day.plan - day.median) * mean_minor, claimed, mean_minor, grain)


def day_steps(today: DayNow, team: Team | None, now: datetime) -> Steps:
    """Today's steps against their norms, of those who have one."""
    found: dict[Step, list[Planned]] = {}
    for agent in today.floor.agents:
        if team is not None and agent.team != team.id:
            continue
        own, done = today.exposures.get(agent.id, NONE), today.agents[agent.id].done
        for step, norm in today.norms.get(agent.id, {}).items():
            found.setdefault(step, []).append(planned(done.get(step, 0), norm, own, today.day_of(agent.id), now, step))
    return {step: added(found[step]) for step in STEPS if step in found}

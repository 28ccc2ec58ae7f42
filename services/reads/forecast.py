"""The end of the day for agents, teams and the floor: gathers what is known and lets the rules say it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime

from schemas.floor import Team
from schemas.steps import STEPS, Step
from services.reads.day import DayNow
from services.rules.exposure import NONE
from services.rules.forecast import (
    Course,
    Forecast,
    Paid,
    course,
    days_left,
    end_of_day,
    month_plan,
    plan_of_payments,
    plan_of_step,
    together,
)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """``scope`` is ``floor:…``, ``team:…`` or ``agent:…``."""

    scope: str
    step: Step
    forecast: Forecast


def of_agent(today: DayNow, agent: str, step: Step, now: datetime) -> Forecast | None:
    """None without a norm: nothing is expected, so nothing can be foreseen."""
    own = _course(today, agent, step, now)
    if own is None:
        return None
    by = today.floor.judgement.of(today.floor.agent_by_id[agent].team, step)
    return end_of_day(own, plan_of_step(own), cv=by.prior_cv, overdispersion=by.overdispersion, mean=by.mean)


def of_team(today: DayNow, team: Team | None, step: Step, now: datetime) -> Forecast | None:
    """The whole floor where *team* is None; None where nobody has a norm for the step."""
    today = today.everybody
    members = [agent.id for agent in today.floor.agents if team is None or agent.team == team.id]
    courses = [_course(today, agent, step, now) for agent in members]
    if not any(courses):
        return None
    beside = sum(
        today.agents[agent].done.get(step, 0) for agent, own in zip(members, courses, strict=True) if own is None
    )
    whole = together((own for own in courses if own is not None), beside)
    by = today.floor.judgement
    phi = by.of(team.id, step).overdispersion if team else by.overdispersion
    return end_of_day(whole, _plan(today, team, step, whole), cv=by.team.prior_cv, overdispersion=phi)


def every(today: DayNow, now: datetime, *, team: str | None = None, agent: str | None = None) -> Iterator[Foreseen]:
    """The floor, then teams, then agents, in the order of the floor file; the whole floor only when nothing is chosen."""
    groups: list[tuple[str, Team | None]] = [(f"team:{one.id}", one) for one in today.floor.teams]
    if agent is None:
        for scope, of in [(f"floor:{today.floor.floor}", None), *groups]:
            if team is None or (of is not None and of.id == team):
                yield from _steps(scope, ((step, of_team(today, of, step, now)) for step in STEPS))
    for one in today.floor.agents:
        if team in (None, one.team) and agent in (None, one.id):
            yield from _steps(f"agent:{one.id}", ((step, of_agent(today, one.id, step, now)) for step in STEPS))


def paid_by(today: DayNow, team: Team | None) -> Paid:
    """Payments of a team, or of all teams together."""
    chosen = [paid for id_, paid in today.paid.items() if team is None or id_ == team.id]
    return Paid(**{one.name: sum(getattr(paid, one.name) for paid in chosen) for one in fields(Paid)})


def _steps(scope: str, found: Iterable[tuple[Step, Forecast | None]]) -> Iterator[Foreseen]:
    return (Foreseen(scope, step, forecast) for step, forecast in found if forecast is not None)


def _course(today: DayNow, agent: str, step: Step, now: datetime) -> Course | None:
    norm = today.norms.get(agent, {}).get(step)
    if norm is None:
        return None
    known = today.agents.get(agent)
    done = known.done.get(step, 0) if known else 0
    return course(done, norm, today.exposures.get(agent, NONE), today.day_of(agent), now, step)


def _plan(today: DayNow, team: Team | None, step: Step, whole: Course) -> float | None:
    """For payments a share of the month's plan, where there is one that can be turned into payments; else the norms."""
    month = month_plan(today.floor, today.date, team.id if team else None) if step == "payments" else None
    if month is None:
        return plan_of_step(whole)
    done, days = whole.done + whole.beside, days_left(today.floor, today.date, team.id if team else None)
    plan = plan_of_payments(month, paid_by(today, team), done, days, today.floor.forecast.min_payments)
    return plan_of_step(whole) if plan is None else plan

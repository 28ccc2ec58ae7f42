"""Gathers what the report needs beside the day's reading, and puts it together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, Team
from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.board import ahead
from services.board.report.rows import (
    AgentReport,
    AgentStep,
    CaseReport,
    DayReport,
    DayRisk,
    Incident,
    MoneyReport,
    MonthForecast,
    MonthReport,
    ScopeReport,
    SliceReport,
    SourceReport,
    StatedReport,
    StepReport,
    TeamTrust,
)
from services.board.report.tasks import counts, task_report
from services.board.storage import revisions, slices, tasks
from services.board.storage.revisions import Revisions
from services.board.storage.tasks import Task
from services.board.today import AgentNow, Today
from services.reads import cases, look, technical
from services.reads.cases import Case, CaseNow, outcome
from services.reads.day import technical_spans
from services.reads.forecast import paid_by
from services.reads.kept import Kept
from services.reads.look import LookRow
from services.reads.plan import plan_and_fact
from services.reads.stated import stated
from services.rules.day import is_working
from services.rules.exposure import NONE
from services.rules.forecast import month_plan
from services.rules.lasted import lasted
from services.rules.spans import at, clock_minutes, intersect

ONE_FACT_STEPS: Final = ("calls", "presentations", "invoices", "payments")
"""Steps in which every fact counts at most once between them; answered and long calls are calls too."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the report needs beside the day's reading. ``cases``: opened on the day; ``trained``: of the last months, as they
    stand; ``lost``: alert → (agent, from, to)."""

    rows: Sequence[SliceRow]
    tasks: Sequence[Task]
    cases: Sequence[Case]
    trained: Sequence[CaseNow]
    look: Sequence[LookRow]
    lost: Mapping[str, Sequence[tuple[str, datetime, datetime | None]]]
    ahead: ahead.Seen
    revisions: Revisions


async def read(connection: AsyncConnection, kept: Kept, today: Today, moment: datetime) -> Seen:
    day = today.day
    return Seen(
        rows=await slices.find(connection, today.floor, day.date, kept=kept),
        tasks=await tasks.given_or_verified(connection, day.date, day.starts, day.ends),
        cases=await cases.find(connection, day=day.date),
        trained=await cases.cases(connection, today.floor, day.date),
        look=await look.read(connection, kept, today.floor, day.date),
        lost=await technical.by_alert(connection, day.starts, day.ends),
        ahead=await ahead.read(connection, kept, today, moment),
        revisions=await revisions.of_day(connection, day.date),
    )


def last_day(floor: Floor, date: Date, begun: bool) -> Date:
    """*date* when it is a working day whose work has *begun*, else the last working day before it."""
    if begun and is_working(floor, date):
        return date
    before = (Date.fromordinal(date.toordinal() - ago) for ago in range(1, 16))
    return next((day for day in before if is_working(floor, day)), date)


def report(today: Today, moment: datetime, seen: Seen) -> DayReport:
    """The day of *today*, seen from *moment*; all instants in the floor's time."""
    floor, day = today.floor, today.day
    names = [cut.name for cut in day.cut_offs]
    closed = {one.slice for one in today.closes}
    groups: list[tuple[str, Team | None]] = [(f"floor:{floor.floor}", None)]
    groups += [(f"team:{team.id}", team) for team in floor.teams]
    whole = ahead.foresee(today, seen.ahead, moment, teams=False).scopes[0]
    return DayReport(
        as_of=_local(today.as_of, floor),
        date=day.date,
        working=day.working,
        over=day.working and moment >= day.over and closed >= set(names[-1:]),
        scopes=[_scope(today, scope, team, moment) for scope, team in groups],
        month=_month(today),
        forecast=_forecast(today, whole),
        at_risk=_day_risk(today, whole),
        agents=[one for agent in floor.agents if (one := _agent(today, agent.id, agent.team, moment)) is not None],
        slices=_slices(today, seen),
        task_counts=counts(today, seen.tasks),
        tasks=[task_report(one, floor) for one in seen.tasks],
        coaching=[
            CaseReport(
                agent=case.row.agent,
                step=case.row.step,
                opened=_local(case.row.opened, floor),
                reason=case.row.reason,
                recheck_on=case.recheck_on,
                stands=case.stands,
                lifted=_local(case.row.lifted, floor) if case.row.lifted else None,
            )
            for case in seen.cases
        ],
        outcomes=[told for one in seen.trained if (told := outcome(one, floor, day)) is not None],
        look=list(seen.look),
        incidents=_incidents(today, moment, seen),
        stated=_stated(today, moment, seen),
        late=today.freshness.late,
        sources=[
            SourceReport(
                source=one.source,
                webhooks=one.webhooks,
                rejected=one.rejected,
                facts=one.facts,
                unattributed=one.unattributed,
            )
            for one in today.sources
        ],
    )


def _local(instant: datetime, floor: Floor) -> datetime:
    return instant.astimezone(floor.zone)


def _maybe(instant: datetime | None, floor: Floor) -> datetime | None:
    return None if instant is None else _local(instant, floor)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _scope(today: Today, scope: str, team: Team | None, moment: datetime) -> ScopeReport:
    return ScopeReport(
        scope=scope,
        steps=[
            StepReport(
                step=one.step,
                done=one.done,
                due=_rounded(one.due),
                plan=_rounded(one.plan),
                plan_count=one.plan_count,
            )
            for one in plan_and_fact(today, team, moment)
        ],
        money=_money(today, team),
    )


def _money(today: Today, team: Team | None) -> list[MoneyReport]:
    """Invoices and payments in the reporting currency always, anything else when there is some."""
    found = {(kind, today.floor.currency): 0 for kind in ("invoices", "payments")}
    for (of, kind, currency), minor in today.money.items():
        if team is None or of == team.id:
            found[kind, currency] = found.get((kind, currency), 0) + minor
    order = ("invoices", "payments", "refunds")
    return [
        MoneyReport(kind=kind, currency=currency, minor=minor)
        for (kind, currency), minor in sorted(
            found.items(), key=lambda item: (order.index(item[0][0]), item[0][1] != today.floor.currency, item[0][1])
        )
        if minor or (currency == today.floor.currency and kind != "refunds")
    ]


def _month(today: Today) -> MonthReport | None:
    plan, paid = month_plan(today.floor, today.date), paid_by(today, None)
    paid_minor = paid.month_minor + paid.today_minor
    if plan is None and not paid_minor:
        return None
    return MonthReport(paid_minor=paid_minor, plan_minor=plan.minor if plan else None, currency=today.floor.currency)


def _day_risk(today: Today, whole: ahead.Ahead) -> DayRisk | None:
    risk = whole.day_risk
    if risk is None:
        return None
    return DayRisk(currency=today.floor.currency, total=risk.total, causes=dict(risk.causes), broken=risk.broken)


def _forecast(today: Today, whole: ahead.Ahead) -> MonthForecast | None:
    """Of the whole floor; None where too little is known."""
    found, risk = whole.month.minor, whole.month_risk
    if found is None:
        return None
    return MonthForecast(
        currency=today.floor.currency,
        median=found.median,
        low=found.low,
        high=found.high,
        p_plan=_rounded(found.p_plan),
        at_risk=risk.total if risk else None,
        causes=dict(risk.causes) if risk else None,
        broken=risk.broken if risk else None,
    )


def _agent(today: Today, agent: str, team: str, moment: datetime) -> AgentReport | None:
    """None of somebody who neither had to work nor did anything."""
    known = today.agents.get(agent) or AgentNow(agent)
    own = today.exposures.get(agent, NONE)
    if not own.scheduled and not any(known.done.values()):
        return None
    return AgentReport(
        agent=agent,
        team=team,
        steps=[_agent_step(today, known, step, moment) for step in STEPS],
        technical_min=clock_minutes(own.technical, at(today.day.starts), at(moment)),
    )


def _agent_step(today: Today, known: AgentNow, step: Step, moment: datetime) -> AgentStep:
    row = today.rows.get((known.agent, step))
    judged = row is not None and row.level != "not_enough_data"
    return AgentStep(
        step=step,
        done=known.done.get(step, 0),
        due=_rounded(today.due(known.agent, step, moment)),
        index=row.index if row and judged else None,
        level=row.level if row else None,
        trusted=row.trusted if row else True,
    )


def _slices(today: Today, seen: Seen) -> list[SliceReport]:
    closes = {one.slice: one for one in today.closes}
    cuts = {cut.name: cut.at for cut in today.day.cut_offs} | {one.slice: one.cut_off for one in today.closes}
    found = []
    for name, cut_off in sorted(cuts.items(), key=lambda item: item[1]):
        close = closes.get(name)
        untrusted = [
            TeamTrust(team=team.id, reasons={step: [str(one) for one in why] for step, why in doubts.items()})
            for team in today.floor.teams
            if close and (doubts := close.reasons(team.id))
        ]
        found.append(
            SliceReport(
                slice=name,
                cut_off=_local(cut_off, today.floor),
                closed_at=_maybe(close.closed_at if close else None, today.floor),
                on_time=close.on_time if close else None,
                untrusted=untrusted,
                tasks=sum(one.slice == name and one.row.date == today.date for one in seen.tasks),
                late=sum(row.late for row in seen.rows if row.slice == name and row.step in ONE_FACT_STEPS),
                questioned=sum(slice_ == name for slice_, _, _ in seen.revisions),
            )
        )
    return found


def _incidents(today: Today, moment: datetime, seen: Seen) -> list[Incident]:
    found = []
    for alert in sorted(today.alerts, key=lambda one: (one.row.fired_at, one.row.alert)):
        spans: dict[str, list[tuple[datetime, datetime | None]]] = {}
        for agent, since, until in seen.lost.get(alert.row.alert, ()):
            spans.setdefault(agent, []).append((since, until))
        taken = {agent: _taken_min(today, agent, own, moment) for agent, own in spans.items()}
        row = alert.row
        span = lasted(row.evidence, row.fired_at, row.resolved_at)
        found.append(
            Incident(
                alert=row.alert,
                kind=row.kind,
                verdict=row.verdict,
                scope=row.scope,
                state=alert.state,
                owner=alert.owner,
                fired_at=_local(row.fired_at, today.floor),
                resolved_at=_maybe(row.resolved_at, today.floor),
                began_at=_local(span.began, today.floor),
                ended_at=_maybe(span.ended, today.floor),
                technical_min=sum(taken.values()),
                agents=sorted(taken),
            )
        )
    return found


def _stated(today: Today, moment: datetime, seen: Seen) -> list[StatedReport]:
    lost: dict[str, list[tuple[datetime, datetime | None]]] = {}
    for spans in seen.lost.values():
        for agent, since, until in spans:
            lost.setdefault(agent, []).append((since, until))
    return [
        StatedReport(
            agent=one.agent,
            began_at=_local(one.since, today.floor),
            ended_at=_maybe(one.until, today.floor),
            technical_min=one.minutes,
        )
        for one in stated(today.floor, today.exposures, lost, moment)
    ]


def _taken_min(today: Today, agent: str, lost: Sequence[tuple[datetime, datetime | None]], moment: datetime) -> int:
    """Working minutes of the day that *lost* took, up to *moment*."""
    plan = today.exposures.get(agent, NONE).scheduled
    return clock_minutes(intersect(plan, technical_spans(lost, moment)), at(today.day.starts), at(moment))

"""What the head is told when the day is over: whether it is, and the payload of the one message of the day."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor, Team
from services.alerts.announcing import frame
from services.alerts.findings.slices import case_of
from services.alerts.storage import day_rows
from services.reads import cases, invoices, look, risk, technical
from services.reads import day as day_read
from services.reads.day import DayRead, Lost
from services.reads.kept import Kept
from services.reads.look import LookRow
from services.reads.plan import plan_and_fact
from services.reads.stated import stated
from services.rules.day import WorkingDay, working_day
from services.rules.exposure import scheduled
from services.rules.lasted import lasted
from services.rules.money.risk import AtRisk
from services.rules.spans import at, clock_minutes, intersect, union

FAR_DAYS: Final = 15
"""Holidays are never longer than this: so far ahead the next working day is looked for."""
MONEY: Final = ("invoices", "payments", "refunds")


def key(date: str) -> str:
    return f"report:{date}"


def is_due(floor: Floor, day: WorkingDay, close: Any, now: datetime) -> bool:
    """The last slice of a working day is closed on time, its work is over, and the next day's first cut-off has not come.

    Args:
        close: the newest of all closes.
    """
    if not day.cut_offs or close.slice != day.cut_offs[-1].name or not close.on_time:
        return False
    return day.over <= now < _until(floor, day)


def _until(floor: Floor, day: WorkingDay) -> datetime:
    later = (working_day(floor, day.date + timedelta(days=ahead)) for ahead in range(1, FAR_DAYS))
    return next((one.cut_offs[0].at for one in later if one.cut_offs), day.ends)


async def payload(
    connection: AsyncConnection, floor: Floor, day: WorkingDay, close: Any, now: datetime, board_url: str | None
) -> dict[str, Any]:
    """Everything the message is made of."""
    moment = min(now, day.ends)
    seen = await day_read.read(connection, floor, day, moment)
    closes = await day_rows.closes_of(connection, day.date)
    closed = {one.slice: one for one in closes}
    return {
        **frame(floor, day.date.isoformat(), None, board_url),
        "form": "report",
        "kind": "report",
        "floor": floor.title,
        "slice": close.slice,
        "steps": _steps(seen, None, moment),
        "teams": [{"team": team.id, "name": team.title, "steps": _steps(seen, team, moment)} for team in floor.teams],
        "money": _money(floor, await day_rows.money(connection, day.date, list(floor.agent_by_id))),
        "month": _month(floor, await day_rows.month(connection, day.date, floor.floor)),
        "tasks": {
            "given": await day_rows.given(connection, day.date),
            "results": await day_rows.results(connection, day.starts, day.ends),
        },
        "coaching": [case_of(case, floor) for case in await day_rows.cases_of(connection, day.date)],
        "risk": _risk(floor, risk.of_floor(seen, await invoices.of_days(connection, Kept(), floor, day.date), moment)),
        "look": _look(floor, await look.read(connection, Kept(), floor, day.date)),
        "outcomes": _outcomes(floor, day, await cases.cases(connection, floor, day.date)),
        "incidents": [
            await _incident(connection, floor, day, alert, now)
            for alert in await day_rows.alerts_of(connection, day.date)
        ],
        "stated": _stated(floor, seen, await technical.between(connection, day.starts, day.ends), moment),
        "not_closed": [cut.name for cut in day.cut_offs if cut.name not in closed],
        "closed_late": [one.slice for one in closes if not one.on_time],
        "untrusted": [one.slice for one in closes if _doubted(one.trust)],
        "late": await day_rows.late(connection, day.date, timedelta(seconds=floor.grace_s)),
        "as_of": now.isoformat(),
    }


def _steps(seen: DayRead, team: Team | None, now: datetime) -> list[dict[str, Any]]:
    """What the page of the report shows of the same moment; steps without norm and count are left out. ``plan`` is the whole
    count that reaches the plan of the day, ``target`` what is due for the minutes worked."""
    return [
        {
            "step": one.step,
            "done": one.done,
            "plan": one.plan_count,
            "target": None if one.due is None else round(one.due, 6),
        }
        for one in plan_and_fact(seen, team, now)
        if one.due is not None or one.done
    ]


def _money(floor: Floor, found: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """The reporting currency first; invoices and payments in it are told even when there are none."""
    sums = {(kind, floor.currency): 0 for kind in MONEY[:2]} | dict(found)
    ordered = sorted(sums.items(), key=lambda one: (MONEY.index(one[0][0]), one[0][1] != floor.currency, one[0][1]))
    return [{"kind": kind, "currency": currency, "minor": minor} for (kind, currency), minor in ordered]


def _month(floor: Floor, row: Any) -> dict[str, Any] | None:
    """The end of the month in minor units: ``median`` and its 80 % interval, ``plan`` and how likely it is met."""
    if row is None:
        return None
    told = {name: getattr(row, name) for name in ("done", "median", "low", "high", "p_plan")}
    return {**told, "plan": None if row.plan is None else round(row.plan), "currency": floor.currency}


def _risk(floor: Floor, found: AtRisk | None) -> dict[str, Any] | None:
    """By how much the day missed its plan, minor units; ``causes`` in their order, those that took something."""
    if found is None or not found.total:
        return None
    causes = [{"cause": cause, "minor": minor} for cause, minor in found.causes.items() if minor]
    return {"total": found.total, "currency": floor.currency, "causes": causes, "broken": found.broken}


def _look(floor: Floor, found: Sequence[LookRow]) -> list[dict[str, Any]]:
    """Who has numbers that stand out, and how many."""
    counts = Counter(row.agent for row in found)
    return [{"agent": agent, "name": floor.agent_by_id[agent].title, "n": n} for agent, n in counts.items()]


def _outcomes(floor: Floor, day: WorkingDay, found: Sequence[cases.CaseNow]) -> list[dict[str, Any]]:
    """Cases closed on the day (``outcome``), and those whose re-check is due (None)."""
    told = [outcome for one in found if (outcome := cases.outcome(one, floor, day)) is not None]
    return [
        {"agent": one.agent, "name": _title(floor, "agent", one.agent), "step": one.step, "outcome": one.outcome}
        for one in told
    ]


def _doubted(trust: Mapping[str, Mapping[str, Sequence[str]]]) -> bool:
    return any(reasons for steps in trust.values() for reasons in steps.values())


async def _incident(
    connection: AsyncConnection, floor: Floor, day: WorkingDay, alert: Any, now: datetime
) -> dict[str, Any]:
    lost = await day_rows.technical_of(connection, alert.alert, day.starts, day.ends)
    agents = sorted({row.agent for row in lost})
    what, _, name = alert.scope.partition(":")
    span = lasted(alert.evidence, alert.fired_at, alert.resolved_at)
    return {
        "alert": alert.alert,
        "kind": alert.kind,
        "verdict": alert.verdict,
        "what": what,
        "name": _title(floor, what, name),
        "fired_at": alert.fired_at.isoformat(),
        "resolved_at": alert.resolved_at.isoformat() if alert.resolved_at else None,
        "began_at": span.began.isoformat(),
        "ended_at": span.ended.isoformat() if span.ended else None,
        "minutes": sum(_taken_min(floor, day, agent, lost, now) for agent in agents),
        "agents": agents,
    }


def _stated(floor: Floor, seen: DayRead, lost: Mapping[str, Lost], moment: datetime) -> list[dict[str, Any]]:
    """Faults that people's own states tell and no alert explains."""
    return [
        {
            "agent": one.agent,
            "name": _title(floor, "agent", one.agent),
            "began_at": one.since.isoformat(),
            "ended_at": one.until.isoformat() if one.until else None,
            "minutes": one.minutes,
        }
        for one in stated(floor, seen.exposures, lost, moment)
    ]


def _title(floor: Floor, what: str, name: str) -> str:
    if what == "team" and name in floor.team_by_id:
        return floor.team_by_id[name].title
    if what == "agent" and name in floor.agent_by_id:
        return floor.agent_by_id[name].title
    return name


def _taken_min(floor: Floor, day: WorkingDay, agent: str, lost: Sequence[Any], now: datetime) -> int:
    """Working minutes of the day that an alert took from *agent*."""
    found = floor.agent_by_id.get(agent)
    if found is None:
        return 0
    spans = union((at(row.started_at), at(row.ended_at or now)) for row in lost if row.agent == agent)
    return clock_minutes(intersect(scheduled(floor, day, found), spans), at(day.starts), at(day.ends))

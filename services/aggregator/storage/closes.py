"""Rows of closes, slices, tasks, coaching and team issues: what a close remembers, and what it writes."""

from collections.abc import Callable, Collection, Sequence
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas.rows import ForecastRow, MonthForecastRow
from services.aggregator.live.floors import FloorDay
from services.aggregator.storage import revisions
from services.rules.closing import Closing, Earlier, Opened, slices_asked
from services.rules.memory import Past
from services.rules.tasks import Task, Verified

REMEMBER = timedelta(days=30)


async def closed_since(connection: Any, date: Date) -> set[tuple[Date, str]]:
    return {
        (row["date"], row["slice"])
        for row in await connection.fetch("SELECT date, slice FROM closes WHERE date >= $1", date)
    }


async def open_tasks(connection: Any, before: datetime) -> list[Task]:
    """Tasks that a close at *before* finds open. One dismissed since that cut-off keeps its agent busy, but no more."""
    rows = await connection.fetch(
        "SELECT task::text, date, slice, agent, team, step, opened, due, target, issued, evidence, "
        "dismissed_at IS NOT NULL AS dismissed FROM tasks "
        "WHERE result IS NULL AND opened < $1 AND (dismissed_at IS NULL OR dismissed_at > $1) ORDER BY opened, agent",
        before,
    )
    return [Task(**{**row, "evidence": msgspec.json.decode(row["evidence"])}) for row in map(dict, rows)]


async def earlier(
    connection: Any,
    on: Callable[[Date], FloorDay],
    today: FloorDay,
    cut_off: datetime,
    tasks: Sequence[Task],
    cases: Sequence[Opened],
) -> list[Earlier]:
    """Slices that a close at *cut_off* sees again: today's, and those of earlier days that gave a task or a case; oldest
    first."""
    asked, found = slices_asked(today.day.date, tasks, cases), []
    for date in sorted({date for date, _ in asked}):
        own = await revisions.frozen(connection, date, cut_off)
        found += [Earlier(on(date).floor, date, one) for one in own if (date, one.cut.at) in asked]
    own = await revisions.frozen(connection, today.day.date, cut_off)
    return found + [Earlier(today.floor, today.day.date, one) for one in own]


async def firing(connection: Any, date: Date, cut_off: datetime) -> frozenset[str]:
    """Teams whose issue was firing at the slice before *cut_off*, as it was frozen."""
    rows = await connection.fetch(
        "SELECT team FROM team_issues JOIN closes USING (date, slice) WHERE firing AND date = $1 AND cut_off = "
        "(SELECT max(cut_off) FROM closes WHERE date = $1 AND cut_off < $2)",
        date,
        cut_off,
    )
    return frozenset(row["team"] for row in rows)


async def cases(connection: Any, cut_off: datetime) -> list[Opened]:
    """Coaching cases opened before *cut_off* and not lifted."""
    rows = await connection.fetch(
        'SELECT "case"::text AS case, date, agent, step, opened, reason, recheck_on, lifted FROM coaching '
        "WHERE opened < $1 AND (lifted IS NULL OR lifted >= $1) ORDER BY opened, agent",
        cut_off,
    )
    return [Opened(**dict(row)) for row in rows]


async def past(connection: Any, on: FloorDay, cut_off: datetime) -> list[Past]:
    """Tasks verified before *cut_off*, as they were judged then."""
    rows = await connection.fetch(
        "SELECT task::text, agent, step, opened, verified, result, evidence->'verified' AS seen FROM tasks "
        "WHERE verified > $1 AND verified < $2 AND evidence ? 'verified'",
        cut_off - REMEMBER,
        cut_off,
    )
    found = []
    for row in rows:
        seen = msgspec.json.decode(row["seen"])
        day = row["verified"].astimezone(on.floor.zone).date()
        judged = (row["result"], seen["met"], seen["index"])
        found.append(Past(row["agent"], row["step"], day, row["verified"], *judged, row["opened"], row["task"]))
    return found


async def write(connection: Any, on: FloorDay, name: str, cut_off: datetime, closing: Closing) -> None:
    """Everything of one close but its row in ``closes``. Verified tasks go first: an agent has one open task."""
    await _write_slices(connection, cut_off, closing)
    await _write_verified(connection, closing.verified)
    await connection.executemany(
        "INSERT INTO tasks (task, date, slice, agent, team, step, opened, due, target, evidence) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb)",
        [
            (
                *(task.task, task.date, task.slice, task.agent, task.team, task.step),
                *(task.opened, task.due, task.target, _json(task.evidence)),
            )
            for task in closing.opened
        ],
    )
    await connection.executemany(
        'INSERT INTO coaching ("case", date, agent, team, step, opened, reason, recheck_on, evidence) '
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '{}')",
        [
            (case.case, case.date, case.agent, case.team, case.step, case.opened, case.reason, case.recheck_on)
            for case in closing.cases
        ],
    )
    await connection.execute(
        'UPDATE coaching SET lifted = $2 WHERE "case" = ANY($1::uuid[]) AND lifted IS NULL', closing.lifted, cut_off
    )
    await connection.executemany(
        "INSERT INTO team_issues (date, slice, team, firing, evidence) VALUES ($1, $2, $3, $4, $5::jsonb)",
        [(on.day.date, name, issue.team, issue.firing, _json(issue.evidence)) for issue in closing.issues],
    )
    for table, kind, rows in (
        ("forecasts", ForecastRow, closing.forecasts),
        ("month_forecasts", MonthForecastRow, closing.months),
    ):
        columns = kind.__struct_fields__
        records = [tuple(getattr(row, name) for name in columns) for row in rows]
        await connection.copy_records_to_table(table, columns=columns, records=records)


async def _write_slices(connection: Any, cut_off: datetime, closing: Closing) -> None:
    columns = (
        "date",
        "slice",
        "agent",
        "step",
        "team",
        "done",
        "in_slice",
        "target",
        "index",
        "p_below",
        "level",
        "trusted",
    )
    await connection.copy_records_to_table(
        "slices",
        columns=(*columns, "cut_off", "late"),
        records=[(*(getattr(row, name) for name in columns), cut_off, 0) for row in closing.rows],
    )


async def _write_verified(connection: Any, verified: Collection[Verified]) -> None:
    await connection.executemany(
        "UPDATE tasks SET verified = $2, result = $3, evidence = evidence || $4::jsonb "
        "WHERE task = $1 AND result IS NULL AND dismissed_at IS NULL",
        [
            (
                one.task.task,
                one.at,
                one.result,
                _json(
                    {
                        "verified": {
                            "done": one.done,
                            "expected": round(one.expected, 6),
                            "met": one.met,
                            "index": one.index,
                            "required": one.required,
                            "technical_min": round(one.technical_min, 1),
                            **({"ground": one.ground} if one.ground else {}),
                        }
                    }
                ),
            )
            for one in verified
        ],
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

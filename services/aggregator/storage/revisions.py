"""Frozen slices of a day with their tasks and cases, and the append-only revisions of them by technical time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from datetime import date as Date
from typing import Any

import msgspec

from schemas.rows import SliceRevisionRow, SliceRow
from schemas.steps import RevisionReason, TaskResult
from services.aggregator.live.floors import FloorDay
from services.rules.closing import Frozen, Opened, Revised
from services.rules.day import CutOff
from services.rules.memory import Past

_ROWS = 'date, slice, agent, team, step, done, in_slice, target, "index", p_below, level, trusted, cut_off'
_KNOWN = """
SELECT DISTINCT ON (slice, agent, step) slice, agent, step, target, "index", p_below, level, technical_min, reason
FROM slice_revisions WHERE date = $1 AND level IS NOT NULL ORDER BY slice, agent, step, id DESC
"""
_VERIFIED = """
SELECT task::text, agent, step, opened, verified, result, evidence->'verified' AS seen FROM tasks
WHERE verified > $1 AND verified <= $2 AND evidence ? 'verified' ORDER BY verified, agent, step
"""
# What may have changed what is known of a day: closes, technical time as alerts and people say it, states that came late.
_SIGNS = """
SELECT (SELECT count(*) FROM closes WHERE date = $1) AS closes,
  (SELECT count(*) FROM facts WHERE day = $1 AND type = 'srez.agent.state.v1') AS states,
  (SELECT row(count(*), sum(extract(epoch FROM started_at)), sum(extract(epoch FROM ended_at)))::text
   FROM technical WHERE started_at < $3 AND coalesce(ended_at, $3) > $2) AS technical
"""
_SPOKEN_OF = """
SELECT DISTINCT alerts.date FROM alert_acts JOIN alerts USING (alert)
WHERE alert_acts.kind = 'technical' AND problem IS NULL AND done_at > $1 AND alerts.date >= $2
"""


async def signs(connection: Any, on: FloorDay) -> tuple[Any, ...]:
    """Equal as long as nothing that is known of the technical minutes of a day has changed."""
    return tuple(await connection.fetchrow(_SIGNS, on.day.date, on.day.starts, on.day.ends))


async def spoken_of(connection: Any, since: datetime, oldest: Date) -> list[Date]:
    """Days of alerts that a person called technical after *since*."""
    return [row["date"] for row in await connection.fetch(_SPOKEN_OF, since, oldest)]


async def frozen(connection: Any, date: Date, before: datetime | None = None) -> list[Frozen]:
    """Slices of the day, oldest first; those of cut-offs before *before*, where it is given."""
    found: dict[str, tuple[datetime, list[SliceRow]]] = {}
    query = f"SELECT {_ROWS} FROM slices WHERE date = $1 AND cut_off < $2 ORDER BY cut_off, team, agent, step"
    for row in await connection.fetch(query, date, before or datetime.max.replace(tzinfo=UTC)):
        fields = dict(row)
        cut_off = fields.pop("cut_off")
        found.setdefault(row["slice"], (cut_off, []))[1].append(SliceRow(**fields))
    return [Frozen(CutOff(name, cut_off), rows) for name, (cut_off, rows) in found.items()]


async def verified(connection: Any, on: FloorDay) -> list[Past]:
    """Tasks verified on the day, as they were judged then."""
    found = []
    for row in await connection.fetch(_VERIFIED, on.day.starts, on.day.ends):
        seen = msgspec.json.decode(row["seen"])
        judged = (row["result"], seen["met"], seen["index"])
        found.append(Past(row["agent"], row["step"], on.day.date, row["verified"], *judged, row["opened"], row["task"]))
    return found


async def cases(connection: Any, date: Date) -> list[Opened]:
    rows = await connection.fetch(
        'SELECT "case"::text AS case, date, agent, step, opened, reason, recheck_on, lifted FROM coaching WHERE date = $1 '
        "ORDER BY opened, agent",
        date,
    )
    return [Opened(**dict(row)) for row in rows]


async def write(
    connection: Any,
    date: Date,
    slices: Sequence[Frozen],
    past: Sequence[Past],
    opened: Sequence[Opened],
    now: Revised,
    at: datetime,
) -> int:
    """Add what is not said yet; what stands again as it was frozen is said too. Returns how many rows were added."""
    added = await _slices(connection, date, slices, now.rows, at)
    added += await _tasks(connection, past, now, at)
    return added + await _cases(connection, opened, now, at)


async def _slices(
    connection: Any, date: Date, slices: Sequence[Frozen], rows: Sequence[SliceRevisionRow], at: datetime
) -> int:
    known = {(row["slice"], row["agent"], row["step"]): row for row in await connection.fetch(_KNOWN, date)}
    now = {(row.slice, row.agent, row.step): row for row in rows}
    frozen = {(row.slice, row.agent, row.step): row for one in slices for row in one.rows}
    fresh = [row for key, row in now.items() if key not in known or _other(known[key], row)]
    fresh += [_as_frozen(frozen[key]) for key, row in known.items() if key not in now and _moved(row, frozen.get(key))]
    columns = ("date", "slice", "agent", "step", "target", "index", "p_below", "level", "technical_min", "reason")
    await connection.copy_records_to_table(
        "slice_revisions",
        columns=(*columns, "done", "revised_at"),
        records=[
            (*(getattr(row, name) for name in columns), frozen[row.slice, row.agent, row.step].done, at)
            for row in fresh
        ],
    )
    return len(fresh)


def _other(known: Any, now: SliceRevisionRow) -> bool:
    return any(known[name] != getattr(now, name) for name in ("target", "level", "technical_min", "reason"))


def _moved(known: Any, frozen: SliceRow | None) -> bool:
    return frozen is not None and (known["target"], known["level"]) != (frozen.target, frozen.level)


def _as_frozen(row: SliceRow) -> SliceRevisionRow:
    return SliceRevisionRow(
        date=row.date,
        slice=row.slice,
        agent=row.agent,
        team=row.team,
        step=row.step,
        target=row.target,
        index=row.index,
        p_below=row.p_below,
        level=row.level,
        technical_min=0.0,
        reason="withdrawn",
    )


async def _tasks(connection: Any, past: Sequence[Past], now: Revised, at: datetime) -> int:
    rows = await connection.fetch(
        "SELECT DISTINCT ON (task) task::text, result, technical_min FROM task_revisions WHERE task = ANY($1::uuid[]) "
        "ORDER BY task, id DESC",
        [one.task for one in past],
    )
    said: Mapping[str, TaskResult] = {row["task"]: row["result"] for row in rows}
    differ = {one.past.task: one for one in now.tasks}
    fresh: list[tuple[str, datetime, TaskResult, float, RevisionReason]] = []
    for one in past:
        seen = differ.get(one.task)
        result = seen.result if seen else one.result
        if said.get(one.task, one.result) != result:
            minutes = round(seen.technical_min, 1) if seen else 0.0
            fresh.append((one.task, at, result, minutes, "technical" if seen else "withdrawn"))
    await connection.executemany(
        "INSERT INTO task_revisions (task, revised_at, result, technical_min, reason) VALUES ($1, $2, $3, $4, $5)",
        fresh,
    )
    return len(fresh)


async def _cases(connection: Any, opened: Sequence[Opened], now: Revised, at: datetime) -> int:
    rows = await connection.fetch(
        'SELECT DISTINCT ON ("case") "case"::text AS case, stands FROM coaching_revisions '
        'WHERE "case" = ANY($1::uuid[]) ORDER BY "case", id DESC',
        [one.case for one in opened],
    )
    stood = {row["case"]: row["stands"] for row in rows}
    fallen = {one.case for one in now.fallen}
    fresh = [
        (one.case, at, one.case not in fallen, "technical" if one.case in fallen else "withdrawn")
        for one in opened
        if stood.get(one.case, True) != (one.case not in fallen)
    ]
    await connection.executemany(
        'INSERT INTO coaching_revisions ("case", revised_at, stands, reason) VALUES ($1, $2, $3, $4)', fresh
    )
    return len(fresh)

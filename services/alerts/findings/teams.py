"""Teams below the norm as a whole, or below their own earlier pace: the closer's ``team_issues`` of a day as episodes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date as Date
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.tables import closes, team_issues
from services.alerts.findings.episode import Episode
from services.rules.closing.issues import evidence_of
from services.rules.day import working_day


async def team_issues_of(connection: AsyncConnection, floor: Floor, date: Date, now: datetime) -> list[Episode]:
    """Episodes of *date*: from the first slice that fires to the first that does not; what still fires ends with the day.

    A drop lasts for as many slices as each is below the pace before it.
    """
    query = (
        sa.select(team_issues, closes.c.cut_off)
        .join(closes, (closes.c.date == team_issues.c.date) & (closes.c.slice == team_issues.c.slice))
        .where(team_issues.c.date == date)
        .order_by(closes.c.cut_off, team_issues.c.team)
    )
    rows = (await connection.execute(query)).all()
    over = working_day(floor, date).over
    ended = now >= over and all(row.cut_off <= over for row in rows)
    below = _episodes(rows, lambda row: bool(row.firing), over if ended else None)
    drops = _episodes(rows, lambda row: bool(row.evidence.get("drops")), over if ended else None)
    return [
        *(_episode("team", of, floor, until, _below(of, floor), by_day=by_day) for of, until, by_day in below),
        *(_episode("team_drop", of, floor, until, _dropped(of, floor), by_day=by_day) for of, until, by_day in drops),
    ]


Rows = Sequence["sa.Row[tuple[object, ...]]"]


def _episodes(
    rows: Rows, holds: "Callable[[sa.Row[tuple[object, ...]]], bool]", over: datetime | None
) -> list[tuple[Rows, datetime | None, bool]]:
    """(rows of one team while it *holds*, when it ended, whether only the day ended it)."""
    found: list[tuple[Rows, datetime | None, bool]] = []
    lasting: dict[str, list[sa.Row[tuple[object, ...]]]] = {}
    for row in rows:
        if holds(row):
            lasting.setdefault(row.team, []).append(row)
        elif before := lasting.pop(row.team, None):
            found.append((before, row.cut_off, False))
    return found + [(own, over, over is not None) for own in lasting.values()]


def _episode(
    detector: Literal["team", "team_drop"],
    rows: Rows,
    floor: Floor,
    resolved_at: datetime | None,
    shown: Mapping[str, Any],
    *,
    by_day: bool,
) -> Episode:
    """Args: shown: what the message tells besides the team's name."""
    first, newest = rows[0], rows[-1]
    team = floor.team_by_id.get(first.team)
    cut, day = (first.slice, first.cut_off), working_day(floor, first.date)
    attributed, evidence = evidence_of(detector, first.team, first.evidence, day, cut)
    return Episode(
        detector=detector,
        subject=f"team:{first.team}",
        kind="efficiency",
        verdict=attributed.verdict,
        scope=attributed.scope,
        date=first.date,
        fired_at=first.cut_off,
        resolved_at=resolved_at,
        evidence=evidence,
        form=detector,
        phase=newest.slice,
        ended_by="day" if by_day else None,
        team=first.team,
        shown={"team_name": team.title if team else first.team, **shown},
    )


def _below(rows: Rows, floor: Floor) -> dict[str, Any]:
    """The newest slice that says by how much."""
    told = next((row for row in reversed(rows) if row.evidence.get("steps")), rows[0])
    steps = told.evidence.get("steps", [])
    return {"steps": steps, "slice": told.slice, "below": floor.judgement.soft.below}


def _dropped(rows: Rows, floor: Floor) -> dict[str, Any]:
    newest = rows[-1]
    return {"drops": newest.evidence["drops"], "slice": newest.slice, "below": floor.judgement.drop.below}

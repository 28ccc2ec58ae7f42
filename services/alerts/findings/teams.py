"""Teams below the norm as a whole: the closer's ``team_issues`` of a day as episodes."""

from datetime import date as Date
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.tables import closes, team_issues
from services.alerts.findings.episode import Episode
from services.rules.day import working_day


async def team_issues_of(connection: AsyncConnection, floor: Floor, date: Date, now: datetime) -> list[Episode]:
    """Episodes of *date*: from the first slice that fires to the first that does not; what still fires ends with the day."""
    query = (
        sa.select(team_issues, closes.c.cut_off)
        .join(closes, (closes.c.date == team_issues.c.date) & (closes.c.slice == team_issues.c.slice))
        .where(team_issues.c.date == date)
        .order_by(closes.c.cut_off, team_issues.c.team)
    )
    over = working_day(floor, date).over
    episodes: list[Episode] = []
    lasting: dict[str, list[sa.Row[tuple[object, ...]]]] = {}
    for row in (await connection.execute(query)).all():
        if row.firing:
            lasting.setdefault(row.team, []).append(row)
        elif rows := lasting.pop(row.team, None):
            episodes.append(_episode(rows, floor, row.cut_off, by_day=False))
    for rows in lasting.values():
        ended = now >= over and rows[-1].cut_off <= over
        episodes.append(_episode(rows, floor, over if ended else None, by_day=ended))
    return episodes


def _episode(
    rows: list["sa.Row[tuple[object, ...]]"], floor: Floor, resolved_at: datetime | None, *, by_day: bool
) -> Episode:
    first, newest = rows[0], rows[-1]
    told = next((row for row in reversed(rows) if row.evidence.get("steps")), first)
    team = floor.team_by_id.get(first.team)
    return Episode(
        detector="team",
        subject=f"team:{first.team}",
        kind="efficiency",
        verdict="offer_or_crm",
        scope=f"team:{first.team}",
        date=first.date,
        fired_at=first.cut_off,
        resolved_at=resolved_at,
        evidence={**first.evidence, "slice": first.slice},
        form="team",
        phase=newest.slice,
        ended_by="day" if by_day else None,
        team=first.team,
        shown={
            "team_name": team.title if team else first.team,
            "steps": told.evidence.get("steps", []),
            "slice": told.slice,
            "below": floor.judgement.soft.below,
        },
    )

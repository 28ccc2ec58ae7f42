"""What ``/srez`` answers, from the rows that the board shows: ``slices``, ``tasks``, ``alerts``."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import STEPS
from schemas.tables import closes, slices
from services.alerts.storage import asked
from services.alerts.wording.language import Language
from services.rules.day import date_of


async def now(connection: AsyncConnection, floor: Floor, words: Language, at: datetime) -> str:
    """Open alerts, open tasks, and the last slice."""
    count = await asked.open_count(connection)
    open_tasks = await asked.open_tasks(connection)
    lines = [
        words.say("answer.now", at=words.at(at), floor=floor.title),
        words.say("answer.open", n=words.number(count)) if count else words.say("answer.calm"),
        words.say("answer.tasks", n=words.number(open_tasks)),
        await slice_(connection, floor, words, at),
    ]
    return "\n".join(lines)


async def slice_(connection: AsyncConnection, floor: Floor, words: Language, at: datetime) -> str:
    last = await _last(connection, floor, at)
    if last is None:
        return words.say("answer.no_slice")
    rows = await _rows(connection, last)
    lines = [words.say("answer.slice", slice=last.slice)]
    for team in floor.teams:
        mine = [row for row in rows if row.team == team.id]
        if mine:
            lines.append(f"{team.title}: {_steps(mine, words)}")
    return "\n".join(lines)


async def agent(connection: AsyncConnection, floor: Floor, words: Language, at: datetime, name: str) -> str:
    """By a part of the name or by id; several that fit are named."""
    wanted = name.casefold()
    fit = [one for one in floor.agents if one.id == name] or [
        one for one in floor.agents if wanted in one.title.casefold()
    ]
    if not fit:
        return words.say("answer.no_agent", name=name[:100])
    if len(fit) > 1:
        return words.say("answer.many", names=", ".join(one.title for one in fit[:8]))
    last = await _last(connection, floor, at)
    if last is None:
        return words.say("answer.no_slice")
    rows = [row for row in await _rows(connection, last) if row.agent == fit[0].id]
    return f"{words.say('answer.agent', agent=fit[0].title, slice=last.slice)}\n{_steps(rows, words)}"


async def _last(connection: AsyncConnection, floor: Floor, at: datetime) -> Any:
    query = sa.select(closes).where(closes.c.date == date_of(at, floor.zone)).order_by(closes.c.cut_off.desc())
    return (await connection.execute(query.limit(1))).first()


async def _rows(connection: AsyncConnection, close: Any) -> Any:
    query = sa.select(slices).where(slices.c.date == close.date, slices.c.slice == close.slice)
    return (await connection.execute(query)).all()


def _steps(rows: Any, words: Language) -> str:
    done: dict[str, int] = defaultdict(int)
    target: dict[str, float] = defaultdict(float)
    for row in rows:
        done[row.step] += row.done
        target[row.step] += row.target or 0.0
    shown = []
    for step in STEPS:
        if step in done:
            due = f" / {words.due(target[step])}" if target[step] else ""
            shown.append(f"{words.say('step.' + step).lower()} {words.number(done[step])}{due}")
    return ", ".join(shown)

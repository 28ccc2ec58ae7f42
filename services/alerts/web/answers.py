"""What ``/srez`` answers, from the rows that the board shows: ``facts``, ``slices``, ``tasks``, ``alerts``."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from schemas.tables import closes, slices
from services.alerts.storage import asked
from services.alerts.wording.language import Language
from services.alerts.wording.slice import doubt
from services.reads import freshness, funnel, states, technical
from services.reads.day import exposures_of
from services.rules.day import date_of, working_day
from services.rules.exposure import NONE
from services.rules.norms import norms_of
from services.rules.target import dues
from services.rules.trust import gate


async def now(connection: AsyncConnection, floor: Floor, words: Language, at: datetime, second: timedelta) -> str:
    """What each team has done and should have by this minute, as on the board; state of data, alerts, tasks.

    Args:
        second: how long a real second is on the floor's clock.
    """
    count = await asked.open_count(connection)
    open_tasks = await asked.open_tasks(connection)
    lines = [
        words.say("answer.now", at=words.at(at), floor=floor.title),
        *await _live(connection, floor, words, at),
        *await _data(connection, floor, words, at, second),
        words.say("answer.open", n=words.number(count)) if count else words.say("answer.calm"),
        words.say("answer.tasks", n=words.number(open_tasks)),
    ]
    return "\n".join(lines)


async def _live(connection: AsyncConnection, floor: Floor, words: Language, at: datetime) -> list[str]:
    """One line a team: counts since midnight of the floor, and what is due of the norms by *at*."""
    day = working_day(floor, date_of(at, floor.zone))
    counted = await funnel.by_agent(connection, floor, day.date, day.ends)
    lost = await technical.between(connection, day.starts, day.ends)
    worked = exposures_of(floor, day, await states.of_day(connection, day.date), lost, at)
    done: dict[str, Counter[Step]] = defaultdict(Counter)
    target: dict[str, dict[Step, float]] = defaultdict(lambda: defaultdict(float))
    for agent in floor.agents:
        if known := counted.get(agent.id):
            done[agent.team].update(known.done)
        norms = norms_of(floor, agent, day.weekday)
        owed = dues(norms, worked.get(agent.id, NONE).net, day.of(agent.team), day.starts, at)
        for step, due in owed.items():
            target[agent.team][step] += due
    return [
        f"{team.title}: {_counts(done[team.id], target[team.id], words)}"
        for team in floor.teams
        if done[team.id] or target[team.id]
    ]


async def _data(
    connection: AsyncConnection, floor: Floor, words: Language, at: datetime, second: timedelta
) -> list[str]:
    """Whether anybody could be judged by the data of this moment; nothing outside working hours."""
    day = working_day(floor, date_of(at, floor.zone))
    if not any(start <= at.timestamp() <= end for start, end in day.hours):
        return []
    last = await _last(connection, floor, at)
    since = last.cut_off if last else day.starts
    fresh = await freshness.read(connection, day, since, floor, now=at, second=second)
    doubts = gate(floor, freshness.evidence(fresh, await asked.silences(connection)))
    found = []
    for team in floor.teams:
        if reasons := dict.fromkeys(reason for each in doubts[team.id].values() for reason in each):
            why = "; ".join(doubt(reason, words) for reason in reasons)
            found.append(words.say("answer.data_off", team=team.title, why=why))
    return found or [words.say("answer.data_on")]


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
    return _counts(done, target, words)


def _counts(done: Mapping[Any, int], target: Mapping[Any, float], words: Language) -> str:
    """“calls 41 / 52.3, presentations 6”: done, and due where there is a norm."""
    shown = []
    for step in STEPS:
        if done.get(step) or step in target:
            due = f" / {words.due(target[step])}" if target.get(step) else ""
            shown.append(f"{words.say('step.' + step).lower()} {words.number(done.get(step, 0))}{due}")
    return ", ".join(shown)

"""Twenty working days behind the seeded one: slices of every agent, tasks verified then, so that comparisons have a past.

Numbers come from a seed of their own; nothing of the seeded day is touched.
"""

import random
from datetime import timedelta

import sqlalchemy as sa

from schemas import tables
from schemas.rows import derived_id
from schemas.steps import STEPS
from services.kit import postgres
from services.rules.day import is_working, working_day
from services.rules.norms import norms_of
from tests.support.seed_floor import Made

DAYS = 20


async def add(dsn: str, made: Made) -> None:
    """Slices and tasks of the DAYS working days before the seeded one."""
    chance = random.Random(4)
    floor, slices, tasks = made.floor, [], []
    dates = [made.day.date - timedelta(days=ago) for ago in range(1, 3 * DAYS)]
    for date in [date for date in dates if is_working(floor, date)][:DAYS]:
        day = working_day(floor, date)
        for agent in floor.agents:
            norms = norms_of(floor, agent, day.weekday)
            done = dict.fromkeys(STEPS, 0)
            for number, cut in enumerate(day.cut_offs, 1):
                for step in STEPS:
                    share = norms.get(step, 0.0) / len(day.cut_offs)
                    more = max(0, round(chance.gauss(share, share**0.5)))
                    done[step] += more
                    slices.append(
                        {
                            "date": date, "slice": cut.name, "agent": agent.id, "team": agent.team, "step": step,
                            "cut_off": cut.at, "done": done[step], "in_slice": more, "target": share * number,
                            "index": None, "p_below": None, "level": "ok", "trusted": True, "late": 0,
                        }
                    )  # fmt: skip
            if chance.random() < 0.2:
                first, second = day.cut_offs[0], day.cut_offs[1]
                due = norms["calls"] / len(day.cut_offs)
                before, since = round(due * 0.6), round(chance.gauss(due * 0.9, due**0.5))
                seen = {"done": since, "expected": due, "met": since >= due, "index": 0.9, "required": round(due)}
                tasks.append(
                    {
                        "task": derived_id("past", date, agent.id), "date": date, "slice": first.name, "agent": agent.id,
                        "team": agent.team, "step": "calls", "opened": first.at, "due": second.at,
                        "target": round(due), "verified": second.at, "result": "done" if since >= due else "not_done",
                        "evidence": {"why": "rate", "done": before, "target": due, "p_below": 0.9, "verified": seen},
                        "state": "confirmed",
                    }
                )  # fmt: skip
    engine = postgres.engine(dsn)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(tables.slices), slices)
        await connection.execute(sa.insert(tables.tasks), tasks)
    await engine.dispose()

"""Which floor governs a day (DESIGN §10 "Floor versions")."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, time, timedelta

from schemas.floor import Agent, Floor

AT_ONCE = ("name", "language", "teams", "agents", "sources", "notify", "board", "metrics_max_agents", "quality")
"""Blocks that take effect when applied; everything else waits for the next local midnight."""


def floor_on(versions: Sequence[tuple[int, datetime, Floor]], date: Date) -> tuple[int, Floor]:
    """(version, floor) for *date*: norms, slices and day as of its local midnight, the roster as of now.

    Who was added to the roster during the day is counted at once and judged from the next day on (unless ``since`` says
    otherwise): nobody knows when their work began.

    Args:
        versions: (version, applied_at, floor), oldest first, at least one.
    """
    number, _, newest = versions[-1]
    midnight = datetime.combine(date, time(), newest.zone)
    settled = next((floor for _, applied, floor in reversed(versions) if applied < midnight), versions[0][2])
    if settled is newest:
        return number, newest
    merged = settled.model_copy(
        update={**{name: getattr(newest, name) for name in AT_ONCE}, "agents": _agents(settled, newest, date)}
    )
    for name in ("zone", "agent_by_id", "team_by_id", "source_by_id", "agent_by_identity"):
        merged.__dict__.pop(name, None)  # cached answers of the older version
    return number, merged


def _agents(settled: Floor, newest: Floor, date: Date) -> tuple[Agent, ...]:
    tomorrow = date + timedelta(days=1)
    return tuple(
        agent
        if agent.since is not None or agent.id in settled.agent_by_id
        else agent.model_copy(update={"since": tomorrow})
        for agent in newest.agents
    )

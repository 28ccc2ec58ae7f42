"""Which floor governs a day (DESIGN §10 "Floor versions")."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import datetime, time, timedelta

from schemas.floor import Agent, Floor, Team

AT_ONCE = (
    "name",
    "language",
    "teams",
    "agents",
    "people",
    "sources",
    "notify",
    "board",
    "metrics_max_agents",
    "quality",
)
"""Blocks that take effect when applied; everything else waits for the next local midnight,
also the working day of a team."""


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
        update={
            **{name: getattr(newest, name) for name in AT_ONCE},
            "agents": _agents(settled, newest, date),
            "teams": _teams(settled, newest),
        }
    )
    for name in ("zone", "agent_by_id", "team_by_id", "source_by_id", "agent_by_identity", "day_by_team", "names"):
        merged.__dict__.pop(name, None)  # cached answers of the older version
    return number, merged


def _teams(settled: Floor, newest: Floor) -> tuple[Team, ...]:
    """The newest teams; the working day of one that was there at midnight does not change inside the day."""
    before = settled.team_by_id
    return tuple(
        team.model_copy(update={"day": before[team.id].day}) if team.id in before else team for team in newest.teams
    )


def _agents(settled: Floor, newest: Floor, date: Date) -> tuple[Agent, ...]:
    tomorrow = date + timedelta(days=1)
    return tuple(
        agent
        if agent.since is not None or agent.id in settled.agent_by_id
        else agent.model_copy(update={"since": tomorrow})
        for agent in newest.agents
    )

"""Cells of the Floor page as numbers: what the live stream sends, and only when a number shown would differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from schemas.steps import STEPS, Step
from services.board.today import AgentNow, Today

Cells = Mapping[tuple[str, str], dict[str, Any]]
"""(kind, id) → what is shown; kind is ``agent`` or ``team``."""


class Changed(NamedTuple):
    rows: list[dict[str, Any]]
    teams: list[dict[str, Any]]


def agent_cells(today: Today, agent: str, now: datetime) -> dict[str, Any]:
    """Per step ``done``, ``due`` now and ``due_day`` (to one decimal); state and last call."""
    known = today.agents.get(agent) or AgentNow(agent)
    return {
        "agent": agent,
        "done": {step: known.done.get(step, 0) for step in STEPS},
        "due": {step: _tenth(today.due(agent, step, now)) for step in STEPS},
        "due_day": {step: _tenth(today.due(agent, step, today.day.ends)) for step in STEPS},
        "short_calls": known.short_calls,
        "state": "technical" if agent in today.technical_now else known.state,
        "state_since": today.technical_now.get(agent, known.state_since),
        "last_call_at": known.last_call_at,
    }


def team_cells(today: Today, team: str, now: datetime) -> dict[str, Any]:
    """Sums of the team; ``due`` is None where nobody has a norm for the step."""
    members = [agent.id for agent in today.floor.agents if agent.team == team]
    dues: dict[Step, float | None] = {}
    days: dict[Step, float | None] = {}
    for step in STEPS:
        own = [due for agent in members if (due := today.due(agent, step, now)) is not None]
        dues[step] = _tenth(sum(own)) if own else None
        whole = [full for agent in members if (full := today.due(agent, step, today.day.ends)) is not None]
        days[step] = _tenth(sum(whole)) if whole else None
    return {
        "team": team,
        "done": {step: sum(today.agents[agent].done.get(step, 0) for agent in members) for step in STEPS},
        "due": dues,
        "due_day": days,
    }


def cells(today: Today, now: datetime) -> Cells:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for agent in today.floor.agents:
        found["agent", agent.id] = agent_cells(today, agent.id, now)
    for team in today.floor.teams:
        found["team", team.id] = team_cells(today, team.id, now)
    return found


def changed(shown: Cells, fresh: Cells) -> Changed:
    """What differs, whole rows."""
    rows = [row for key, row in fresh.items() if shown.get(key) != row]
    return Changed([row for row in rows if "agent" in row], [row for row in rows if "team" in row])


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)

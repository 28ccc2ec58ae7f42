"""Cells of the Floor page as numbers: what the live stream sends, and only when a number shown would differ."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from schemas.steps import STEPS, Step
from services.board.today import AgentNow, Today
from services.rules.exposure import NONE
from services.rules.target import dues as dues_of

Key = tuple[str, str]
"""(kind, id); kind is ``agent`` or ``team``."""
Cells = Mapping[Key, dict[str, Any]]
"""What is shown of each."""
EVERY_S: Final = 1.0
"""A row changes at most so often: numbers that flicker are not read (BOARD.md)."""


class Changed(NamedTuple):
    rows: list[dict[str, Any]]
    teams: list[dict[str, Any]]


def _dues(today: Today, agent: str, moment: datetime) -> dict[Step, float | None]:
    """Part of each norm due by *moment*; None without a norm."""
    norms = today.norms.get(agent, {})
    found = dues_of(norms, today.exposures.get(agent, NONE).net, today.day_of(agent), today.day.starts, moment)
    return {step: found.get(step) for step in STEPS}


class _Dues:
    """Dues of agents now and of the whole day, each computed once for its own row and its team's."""

    def __init__(self, today: Today, now: datetime) -> None:
        self._today, self._now = today.everybody, now
        self._known: dict[str, tuple[dict[Step, float | None], dict[Step, float | None]]] = {}

    def of(self, agent: str) -> tuple[dict[Step, float | None], dict[Step, float | None]]:
        found = self._known.get(agent)
        if found is None:
            today = self._today
            found = self._known[agent] = _dues(today, agent, self._now), _dues(today, agent, today.day.ends)
        return found


def agent_cells(today: Today, agent: str, now: datetime) -> dict[str, Any]:
    """Per step ``done``, ``due`` now and ``due_day`` (to one decimal); state and last call."""
    return _agent_cells(today, agent, _Dues(today, now))


def _agent_cells(today: Today, agent: str, dues: _Dues) -> dict[str, Any]:
    known = today.agents.get(agent) or AgentNow(agent)
    by_now, of_day = dues.of(agent)
    return {
        "agent": agent,
        "done": {step: known.done.get(step, 0) for step in STEPS},
        "due": _tenths(by_now),
        "due_day": _tenths(of_day),
        "short_calls": known.short_calls,
        "state": "technical" if agent in today.technical_now else known.state,
        "state_since": today.technical_now.get(agent, known.state_since),
        "last_call_at": known.last_call_at,
    }


def team_cells(today: Today, team: str, now: datetime) -> dict[str, Any]:
    """Sums of the team; ``due`` is None where nobody has a norm for the step."""
    return _team_cells(today, team, _Dues(today, now))


def _team_cells(today: Today, team: str, dues: _Dues) -> dict[str, Any]:
    today = today.everybody
    members = [agent.id for agent in today.floor.agents if agent.team == team]
    both = [dues.of(agent) for agent in members]
    return {
        "team": team,
        "done": {step: sum(today.agents[agent].done.get(step, 0) for agent in members) for step in STEPS},
        "due": _sums([by_now for by_now, _ in both]),
        "due_day": _sums([of_day for _, of_day in both]),
    }


def cells(today: Today, now: datetime) -> Cells:
    return _cells_of(today, _keys(today), now)


def changed(shown: Cells, fresh: Cells) -> Changed:
    """What differs, whole rows."""
    rows = [row for key, row in fresh.items() if shown.get(key) != row]
    return Changed([row for row in rows if "agent" in row], [row for row in rows if "team" in row])


class Shown:
    """What the streams were told, and when: a change goes out at once, the next of the same row EVERY_S later.

    Times are monotonic seconds, given by the caller.
    """

    def __init__(self) -> None:
        self._rows: dict[Key, dict[str, Any]] = {}
        self._at: dict[Key, float] = {}
        self._waiting: set[Key] = set()

    def touch(self, agent: str, team: str) -> None:
        """Their counts changed."""
        self._waiting |= {("agent", agent), ("team", team)}

    def fresh(self, today: Today, now: datetime, at_s: float) -> Changed:
        """Rows touched whose turn has come; the others wait for it."""
        due_now = [key for key in self._waiting if self._turn(key) <= at_s]
        self._waiting.difference_update(due_now)
        return self._take(_cells_of(today, [key for key in due_now if _known(today, key)], now), at_s)

    def everything(self, today: Today, now: datetime, at_s: float) -> Changed:
        """All rows that differ, since targets move by themselves; those told just now wait for their turn."""
        fresh = cells(today, now)
        self._waiting = {key for key, row in fresh.items() if self._turn(key) > at_s and self._rows.get(key) != row}
        return self._take({key: row for key, row in fresh.items() if key not in self._waiting}, at_s)

    def next_at(self) -> float:
        """When the first waiting row has its turn; infinity when none waits."""
        return min(map(self._turn, self._waiting), default=float("inf"))

    def _turn(self, key: Key) -> float:
        return self._at.get(key, 0.0) + EVERY_S

    def _take(self, fresh: Cells, at_s: float) -> Changed:
        differing = changed(self._rows, fresh)
        keys = [("agent", row["agent"]) for row in differing.rows] + [("team", row["team"]) for row in differing.teams]
        for key in keys:
            self._rows[key], self._at[key] = fresh[key], at_s
        return differing


def _keys(today: Today) -> Iterable[Key]:
    yield from (("agent", agent.id) for agent in today.floor.agents)
    yield from (("team", team.id) for team in today.floor.teams)


def _known(today: Today, key: Key) -> bool:
    kind, id_ = key
    return id_ in today.floor.agent_by_id if kind == "agent" else any(team.id == id_ for team in today.floor.teams)


def _cells_of(today: Today, keys: Iterable[Key], now: datetime) -> Cells:
    dues = _Dues(today, now)
    return {
        (kind, id_): _agent_cells(today, id_, dues) if kind == "agent" else _team_cells(today, id_, dues)
        for kind, id_ in keys
    }


def _sums(members: list[dict[Step, float | None]]) -> dict[Step, float | None]:
    found: dict[Step, float | None] = {}
    for step in STEPS:
        own = [value for one in members if (value := one[step]) is not None]
        found[step] = _tenth(sum(own)) if own else None
    return found


def _tenths(values: Mapping[Step, float | None]) -> dict[Step, float | None]:
    return {step: _tenth(value) for step, value in values.items()}


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)

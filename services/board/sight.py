"""Whom an agent sees on the board, and a day narrowed to that.

Lists of a narrowed Today hold nobody else; sums are made from ``Today.everybody``. Two agents in a team can of course tell
each other's part of its sum.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from schemas.floor import Floor
from services.board.access import Person
from services.board.storage.alerts import Alert
from services.board.today import Today

K = TypeVar("K")
V = TypeVar("V")
Sight = frozenset[str] | None
"""Agents that may be seen; None: all."""

asks: Final[ContextVar[Person | None]] = ContextVar("asks", default=None)
"""Who asks for what is being answered; set by the gate, so that no page can forget it."""


def sight(floor: Floor, person: Person | None) -> Sight:
    """By ``board.agents_see``; an agent who is not on the roster sees nobody."""
    if person is None or person.role != "agent":
        return None
    own = floor.agent_by_id.get(person.agent or "")
    if own is None:
        return frozenset()
    if floor.board.agents_see == "team":
        return frozenset(agent.id for agent in floor.agents if agent.team == own.team)
    return None if floor.board.agents_see == "all" else frozenset({own.id})


def roster_of(floor: Floor, seen: Sight) -> Floor:
    """The floor with those agents only."""
    if seen is None:
        return floor
    found = floor.model_copy(update={"agents": [agent for agent in floor.agents if agent.id in seen]})
    for name, value in vars(type(floor)).items():
        if isinstance(value, cached_property):
            found.__dict__.pop(name, None)
    return found


def narrowed(today: Today, seen: Sight) -> Today:
    """What is in lists is of *seen*; sums of teams and of the floor stay whole."""
    if seen is None:
        return today
    hidden = {agent.id for agent in today.floor.agents} - seen
    return replace(
        today,
        whole=today.everybody,
        floor=roster_of(today.floor, seen),
        agents=_of(today.agents, seen),
        exposures=_of(today.exposures, seen),
        norms=_of(today.norms, seen),
        technical_now=_of(today.technical_now, seen),
        halves=[half for half in today.halves if half.agent in seen],
        rows={key: row for key, row in today.rows.items() if key[0] in seen},
        tasks=[task for task in today.tasks if task.row.agent in seen],
        cases=[case for case in today.cases if case.row.agent in seen],
        alerts=[shown for alert in today.alerts if (shown := _alert(alert, seen, hidden)) is not None],
        first_payment=today.first_payment if today.first_payment and today.first_payment[0] in seen else None,
        long_calls=[call for call in today.long_calls if call.agent in seen],
    )


def _of(found: Mapping[K, V], seen: frozenset[str]) -> dict[K, V]:
    return {key: value for key, value in found.items() if key in seen}


def _alert(alert: Alert, seen: frozenset[str], hidden: set[str]) -> Alert | None:
    """None when it is about somebody else; evidence that names others is left out."""
    kind, _, name = alert.row.scope.partition(":")
    if kind == "agent" and name not in seen:
        return None
    kept = {key: value for key, value in alert.row.evidence.items() if not _names({key: value}, hidden)}
    return replace(alert, row=msgspec.structs.replace(alert.row, evidence=kept))


def _names(value: Any, hidden: set[str]) -> bool:
    """Does *value* hold the id of somebody hidden anywhere?"""
    if isinstance(value, str):
        return value in hidden or value.rpartition(":")[2] in hidden
    if isinstance(value, Mapping):
        return any(_names(key, hidden) or _names(one, hidden) for key, one in value.items())
    return isinstance(value, list | tuple | set | frozenset) and any(_names(one, hidden) for one in value)

"""Counts of the funnel from ``facts``: per agent since local midnight, and per team in half-hours (DOMAIN §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.reads.kept import Kept, key_of
from services.rules.funnel import thresholds

HALF_S: Final = 1800

# The roster's rules join the facts, so that one statement counts every team by its own thresholds.
# What is counted must equal services.rules.funnel: tests/services/board/storage compares them fact by fact.
_MARKED: Final = f"""
WITH roster AS (
  SELECT * FROM unnest(CAST(:agents AS text[]), CAST(:teams AS text[]), CAST(:inbound AS boolean[]),
                       CAST(:long_s AS float8[]), CAST(:short_s AS float8[]))
         AS r(agent, team, inbound, long_s, short_s)
), marked AS (
  SELECT f.agent, r.team, f.occurred_at, f.received_at, f.type,
         f.talk_s, f.disposition, r.long_s, r.short_s,
         f.type = '{CALL}' AND (f.direction = 'outbound'
           OR (f.direction = 'inbound' AND f.disposition = 'answered' AND r.inbound)) AS called
  FROM facts f JOIN roster r USING (agent)
  WHERE f.day = :day AND f.occurred_at <= :until
)
"""  # noqa: S608 - constants of ours

_STEPS: Final = f"""
  count(*) FILTER (WHERE called) AS calls,
  count(*) FILTER (WHERE called AND disposition = 'answered') AS answered,
  count(*) FILTER (WHERE called AND disposition = 'answered' AND talk_s >= long_s) AS long_calls,
  count(*) FILTER (WHERE type = '{PRESENTATION}') AS presentations,
  count(*) FILTER (WHERE type = '{INVOICE}') AS invoices,
  count(*) FILTER (WHERE type = '{PAYMENT}') AS payments
"""

_BY_AGENT: Final = sa.text(
    _MARKED
    + "SELECT agent,"
    + _STEPS
    + """, count(*) FILTER (WHERE called AND disposition = 'answered' AND talk_s < short_s) AS short_calls,
  max(occurred_at) FILTER (WHERE called) AS last_call_at,
  max(received_at) AS received_at,
  count(*) AS counted
FROM marked GROUP BY agent"""
)

_BY_HALF: Final = sa.text(
    _MARKED  # noqa: S608 - constants of ours
    + "SELECT team, agent, ceil(extract(epoch FROM occurred_at - :starts) / :half_s)::int AS half,"
    + _STEPS
    + " FROM marked WHERE occurred_at > :starts AND (:agent = '' OR agent = :agent) GROUP BY team, agent, half"
)


@dataclass(frozen=True, slots=True)
class AgentCount:
    """One agent since local midnight; ``counted`` is the number of stored facts behind it."""

    agent: str
    done: Mapping[Step, int]
    short_calls: int
    counted: int
    last_call_at: datetime | None
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class Half:
    """What happened in one half-hour; ``half`` 1 ends thirty minutes after local midnight."""

    team: str
    agent: str
    half: int
    done: Mapping[Step, int]


def roster(floor: Floor) -> dict[str, Any]:
    """Parameters that tell SQL who counts and how."""
    by_team = {team.id: thresholds(floor, team.id) for team in floor.teams}
    return {
        "agents": [agent.id for agent in floor.agents],
        "teams": [agent.team for agent in floor.agents],
        "inbound": [by_team[agent.team].count_inbound for agent in floor.agents],
        "long_s": [float(by_team[agent.team].long_s) for agent in floor.agents],
        "short_s": [float(by_team[agent.team].short_s) for agent in floor.agents],
    }


def _done(row: Any) -> dict[Step, int]:
    return {step: int(getattr(row, step)) for step in STEPS}


async def by_agent(
    connection: AsyncConnection, floor: Floor, day: Date, until: datetime, agent: str | None = None
) -> dict[str, AgentCount]:
    """Counts of the whole roster, or of one *agent*, up to *until*; agents without facts are absent."""
    rows = await connection.execute(_BY_AGENT, {**_only(roster(floor), agent), "day": day, "until": until})
    return {
        row.agent: AgentCount(
            row.agent, _done(row), int(row.short_calls), int(row.counted), row.last_call_at, row.received_at
        )
        for row in rows
    }


async def by_agent_kept(
    connection: AsyncConnection, kept: Kept, floor: Floor, day: Date, until: datetime
) -> Mapping[str, AgentCount]:
    """As ``by_agent``, of a day that is over: counted again when anything of it changed."""
    key = key_of("by agent", roster(floor), until)
    found = await kept.of_days(connection, key, [day], lambda _: by_agent(connection, floor, day, until))
    return found[day]


async def by_half(
    connection: AsyncConnection, floor: Floor, day: Date, starts: datetime, until: datetime, agent: str = ""
) -> Sequence[Half]:
    """Half-hours with anything in them, of everybody or of one *agent*."""
    given = {**roster(floor), "day": day, "until": until, "starts": starts, "half_s": HALF_S, "agent": agent}
    rows = await connection.execute(_BY_HALF, given)
    return [Half(row.team, row.agent, int(row.half), _done(row)) for row in rows]


async def by_half_kept(
    connection: AsyncConnection, kept: Kept, floor: Floor, day: Date, starts: datetime, until: datetime
) -> Sequence[Half]:
    """As ``by_half`` of everybody, of a day that is over: counted again when anything of it changed."""
    key = key_of("by half", roster(floor), starts, until)
    found = await kept.of_days(connection, key, [day], lambda _: by_half(connection, floor, day, starts, until))
    return found[day]


def _only(given: dict[str, Any], agent: str | None) -> dict[str, Any]:
    """A roster's parameters, of all or of one."""
    if agent is None:
        return given
    places = [at for at, one in enumerate(given["agents"]) if one == agent]
    return {name: [values[at] for at in places] for name, values in given.items()}

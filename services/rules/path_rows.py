"""Rows of ``schemas.queries`` as what the detectors take: the same live and at the close of a slice."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any, Final

from schemas.facts import INVOICE, PRESENTATION
from schemas.floor import Floor
from services.rules.baselines import LAG_EDGES, DaySummary, Feed
from services.rules.causes import blame, is_network_failure
from services.rules.paths import (
    ANSWERED,
    ATTEMPTS,
    BAD,
    FAILED,
    LONG,
    RING_EDGES,
    RINGS,
    SHORT,
    STUCK,
    Call,
    Path,
    call_of,
    empty,
    is_stuck,
)
from services.rules.sources import BIN_MIN

FEEDS: Final = {PRESENTATION: "presentations", INVOICE: "invoices"}
EVER: Final = datetime(9000, 1, 1, tzinfo=UTC)

Limits = Mapping[str | None, tuple[float, float]]


def limits_of(floor: Floor) -> dict[str | None, tuple[float, float]]:
    """Agent → (short, long) seconds; of an unknown agent the floor's."""
    by_team = {
        team.id: (float(floor.short_call_of(team.id)), float(floor.long_call_of(team.id))) for team in floor.teams
    }
    found: dict[str | None, tuple[float, float]] = {agent.id: by_team[agent.team] for agent in floor.agents}
    found[None] = (float(floor.short_call_s), float(floor.long_call_s))
    return found


def call_of_row(row: Any, floor: Floor, limits: Limits) -> Call:
    """A row of CALLS_OF_DAY."""
    failed = row.disposition != "answered" and is_network_failure(
        row.disposition, row.sip_status, row.q850, floor.outages.causes
    )
    return call_of(
        row.occurred_at, row.line, row.did, row.campaign, row.agent, row.disposition, row.sip_status, row.q850,
        row.talk_s, row.ring_s, row.call_id or "", failed, limits.get(row.agent) or limits[None], floor.outages,
    )  # fmt: skip


def marks_of(rows: Iterable[Any]) -> dict[Feed, list[datetime]]:
    """(source, feed) → instants, of MARKS_OF_DAY."""
    found: dict[Feed, list[datetime]] = {}
    for row in rows:
        found.setdefault((row.source, FEEDS[row.type]), []).append(row.occurred_at)
    return found


def history_span(floor: Floor, date: Date) -> tuple[Date, Date]:
    return date - timedelta(days=floor.outages.baselines.days), date


def roster_arguments(floor: Floor) -> tuple[list[str], list[str], list[float], list[float]]:
    """$4–$7 of the history's queries."""
    limits = limits_of(floor)
    agents = [agent.id for agent in floor.agents]
    return (
        agents,
        [agent.team for agent in floor.agents],
        [limits[agent][0] for agent in agents],
        [limits[agent][1] for agent in agents],
    )


def by_hour_arguments(floor: Floor, date: Date) -> tuple[Any, ...]:
    own = (*history_span(floor, date), floor.timezone, *roster_arguments(floor))
    return (*own, float(floor.short_call_s), float(floor.long_call_s), [float(edge) for edge in RING_EDGES])


def by_agent_arguments(floor: Floor, date: Date) -> tuple[Any, ...]:
    return (*history_span(floor, date), floor.timezone, *roster_arguments(floor))


def by_lag_arguments(floor: Floor, date: Date) -> tuple[Any, ...]:
    return (*history_span(floor, date), floor.timezone, [float(edge) for edge in LAG_EDGES])


def by_arrival_arguments(floor: Floor, date: Date) -> tuple[Any, ...]:
    return (*history_span(floor, date), floor.timezone, 60 * BIN_MIN)


def summaries(
    by_hour: Iterable[Any], by_agent: Iterable[Any], by_lag: Iterable[Any], by_arrival: Iterable[Any], floor: Floor
) -> dict[Date, DaySummary]:
    """Earlier days from the four queries of the history."""
    found: dict[Date, DaySummary] = {}
    for row in by_hour:
        path = _path(row)
        if path is None:
            continue
        counts = found.setdefault(row.day, DaySummary()).hours.setdefault((path, row.hour), empty())
        counts[ATTEMPTS] += row.n
        if row.disposition == "answered":
            counts[ANSWERED] += row.n
            counts[SHORT] += row.n if row.short else 0
            counts[LONG] += row.n if row.long else 0
            if row.ring is not None:
                counts[RINGS + row.ring] += row.n
        else:
            failed = is_network_failure(row.disposition, row.sip_status, row.q850, floor.outages.causes)
            counts[FAILED] += row.n if failed else 0
            listed = blame(row.disposition, row.sip_status, row.q850, floor.outages.causes) == "list"
            counts[BAD] += row.n if listed else 0
            counts[STUCK] += row.n if is_stuck(row.disposition, row.sip_status, row.q850, floor.outages) else 0
    for row in by_agent:
        path = ("agent", row.agent)
        counts = found.setdefault(row.day, DaySummary()).hours.setdefault((path, -1), empty())
        counts[ATTEMPTS] += row.n
        counts[ANSWERED] += row.n
        counts[SHORT] += row.n if row.short else 0
    for row in by_lag:
        day, feed = found.setdefault(row.day, DaySummary()), (row.source, FEEDS[row.type])
        day.marks[feed] = day.marks.get(feed, 0) + row.n
        if row.step is not None:
            day.lags.setdefault(feed, [0] * (len(LAG_EDGES) + 1))[row.step] += row.n
    for row in by_arrival:
        found.setdefault(row.day, DaySummary()).arrived.setdefault(row.source, {})[row.bin] = row.n
    return found


def _path(row: Any) -> Path | None:
    for kind in ("line", "did", "campaign", "team"):
        if name := getattr(row, kind):
            return (kind, name)
    return None

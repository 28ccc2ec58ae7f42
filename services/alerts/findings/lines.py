"""Failing lines: today's attempts of the suspicious ones folded anew from ``facts``, as the closer and the back-test do."""

from collections.abc import Iterable, Mapping
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.alerts.findings.episode import Episode, TechnicalSpan
from services.alerts.storage import line_days
from services.rules.day import WorkingDay, working_day
from services.rules.detectors.line_failure import LineStateName, evidence
from services.rules.floor_wide import ToldLine, told_lines
from services.rules.spans import Spans, at
from services.rules.technical import LineFinding, Technical, fold_lines, technical

Calls = list[tuple[datetime, str, str]]
Failing = tuple[str, datetime, datetime | None, str]
"""(line, since, resolved, verdict)."""


async def line_failures(
    connection: AsyncConnection, floor: Floor, date: Date, lines: Iterable[str], now: datetime
) -> tuple[list[Episode], list[Failing], Mapping[str, Spans]]:
    """Episodes of *date* on *lines*, oldest first; every failure, told or not; and whose time they take.

    Args:
        lines: those that may have failed; others that were used meanwhile count as working.
        now: the floor's time.
    """
    named = sorted(set(lines))
    if not named:
        return [], [], {}
    day = working_day(floor, date)
    ordered = await line_days.attempts(connection, floor, date, named)
    bases = await line_days.bases(connection, floor, date, named)
    states = fold_lines(ordered, bases, floor, day, min(now, day.ends))
    found = [finding for state in states.values() for finding in state.findings]
    if not found:
        return [], [], {}
    window = timedelta(seconds=floor.outages.line_failure.window_s)
    calls = await line_days.calls(connection, min(one.since for one in found) - window, min(now, day.ends))
    result = technical(floor, states, calls, (), day, min(now, day.ends))
    episodes = [_episode(told, result, calls, floor, day, min(now, day.ends)) for told in told_lines(result.lines, now)]
    failing: list[Failing] = [
        (one.state.line, one.finding.since, one.finding.resolved_at, one.attributed.verdict) for one in result.lines
    ]
    return sorted(episodes, key=lambda episode: (episode.fired_at, episode.subject)), failing, result.spans


def _episode(told: ToldLine, result: Technical, calls: Calls, floor: Floor, day: WorkingDay, now: datetime) -> Episode:
    one, resolved_at = told.one, told.resolved_at
    line, finding, attributed = one.state.line, one.finding, one.attributed
    agent = attributed.scope.removeprefix("agent:") if attributed.verdict == "workplace" else None
    names = {agent.id: agent.title for agent in floor.agents if agent.id in finding.failures_by_agent}
    return Episode(
        detector="line_failure",
        subject=f"line:{line}",
        kind="outage",
        verdict=attributed.verdict,
        scope=attributed.scope,
        date=day.date,
        fired_at=finding.fired_at,
        resolved_at=resolved_at,
        evidence={
            **evidence(one.state, finding),
            **told.until,
            "line": line,
            "lines": sorted({each.state.line for each in told.all}),
            "rules_out": list(attributed.rules_out),
        },
        form="line",
        phase=_phase(told, now) if resolved_at is None else None,
        ended_by=_ended_by(told, day),
        technical=_merged([span for each in told.all for span in _technical(each, result, calls, floor, now)]),
        shown={
            "line": line,
            "agent": names.get(agent, agent) if agent else None,
            "names": names,
            "last_failure": max(each.finding.last_failure for each in told.all).isoformat(),
            "recover_s": floor.outages.line_failure.recover_s,
        },
    )


def _phase(told: ToldLine, now: datetime) -> LineStateName:
    """Of several lines, that of the worst."""
    names = [one.state.name(now) for one in told.all if one.finding.resolved_at is None]
    return next((name for name in ("failing", "recovering", "no_data") if name in names), told.one.state.name(now))


def _ended_by(told: ToldLine, day: WorkingDay) -> Literal["day", "other"] | None:
    if told.by_floor:
        return "other"
    last = [one.finding for one in told.all if one.finding.resolved_at == told.resolved_at]
    by_day = told.resolved_at == day.over and any(one.below_since is None for one in last)
    return "day" if by_day else None


def _merged(spans: list[TechnicalSpan]) -> tuple[TechnicalSpan, ...]:
    """One span an agent: from the first of theirs to the end of the last."""
    found: dict[str, TechnicalSpan] = {}
    for agent, start, end in spans:
        before = found.get(agent)
        if before is None:
            found[agent] = (agent, start, end)
        else:
            until = None if end is None or before[2] is None else max(end, before[2])
            found[agent] = (agent, min(start, before[1]), until)
    return tuple(found[agent] for agent in sorted(found))


def _technical(one: LineFinding, result: Technical, calls: Calls, floor: Floor, now: datetime) -> list[TechnicalSpan]:
    """Whose time this finding takes: of those the rules say, those it concerns (another line may fail meanwhile)."""
    finding, line = one.finding, one.state.line
    since, until = finding.since, finding.technical_until(now, floor.outages.line_failure.window_s)
    users = {agent for ended, agent, used in calls if since <= ended <= until and used == line}
    lasts = finding.resolved_at is None and finding.below_since is None and until >= now
    found: list[TechnicalSpan] = []
    for agent, spans in sorted(result.spans.items()):
        if not any(start < at(until) and end > at(since) for start, end in spans):
            continue
        if one.attributed.verdict == "floor" or agent in users:
            found.append((agent, since, None if lasts else until))
    return found

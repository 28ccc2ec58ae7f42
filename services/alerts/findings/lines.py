"""Failing lines: today's attempts of the suspicious ones folded anew from ``facts``, as the closer and the back-test do."""

from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from services.alerts.findings.episode import Episode, TechnicalSpan
from services.alerts.storage import line_days
from services.rules.day import WorkingDay, working_day
from services.rules.detectors.line_failure import evidence
from services.rules.spans import at
from services.rules.technical import LineFinding, Technical, fold_lines, technical

Calls = list[tuple[datetime, str, str]]


async def line_failures(
    connection: AsyncConnection, floor: Floor, date: Date, lines: Iterable[str], now: datetime
) -> list[Episode]:
    """All episodes of *date* on *lines*, oldest first.

    Args:
        lines: those that may have failed; others that were used meanwhile count as working.
        now: the floor's time.
    """
    named = sorted(set(lines))
    if not named:
        return []
    day = working_day(floor, date)
    ordered = await line_days.attempts(connection, floor, date, named)
    bases = await line_days.bases(connection, floor, date, named)
    states = fold_lines(ordered, bases, floor, day, min(now, day.ends))
    found = [finding for state in states.values() for finding in state.findings]
    if not found:
        return []
    window = timedelta(seconds=floor.outages.line_failure.window_s)
    calls = await line_days.calls(connection, min(one.since for one in found) - window, min(now, day.ends))
    result = technical(floor, states, calls, (), day, min(now, day.ends))
    episodes = [_episode(one, result, calls, floor, day, min(now, day.ends)) for one in result.lines]
    return sorted(episodes, key=lambda episode: (episode.fired_at, episode.subject))


def _episode(
    one: LineFinding, result: Technical, calls: Calls, floor: Floor, day: WorkingDay, now: datetime
) -> Episode:
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
        resolved_at=finding.resolved_at,
        evidence={**evidence(one.state, finding), "line": line, "rules_out": list(attributed.rules_out)},
        form="line",
        phase=one.state.name(now) if finding.resolved_at is None else None,
        ended_by="day" if finding.resolved_at == day.over and finding.below_since is None else None,
        technical=tuple(_technical(one, result, calls, floor, now)),
        shown={
            "line": line,
            "agent": names.get(agent, agent) if agent else None,
            "names": names,
            "last_failure": finding.last_failure.isoformat(),
            "recover_s": floor.outages.line_failure.recover_s,
        },
    )


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

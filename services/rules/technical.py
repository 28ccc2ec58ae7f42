"""Technical minutes of a day, from the facts known: the same fold live, at the close of a slice and in a back-test.

Line findings take out the time of agents with at least half of their attempts on the line; a floor-wide silence, once it
is over, that of agents who depend on the silent source and have no call of their own in it (DOMAIN §8).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schemas.floor import Floor
from services.rules import attribution
from services.rules.day import WorkingDay
from services.rules.detectors import line_failure
from services.rules.detectors.line_failure import Attempt, Finding, LineState
from services.rules.detectors.source_silence import Silence
from services.rules.plans import plans
from services.rules.sources import Load
from services.rules.spans import Spans, at, union

HISTORY_DAYS = 28
"""Days of a line's history that make its base rate."""


@dataclass(frozen=True, slots=True)
class LineFinding:
    state: LineState
    finding: Finding
    attributed: attribution.Attributed


@dataclass(frozen=True, slots=True)
class Technical:
    """What was found, and the technical spans per agent."""

    lines: tuple[LineFinding, ...]
    spans: Mapping[str, Spans]


def fold_lines(
    attempts: Mapping[str, Iterable[Attempt]],
    bases: Mapping[str, float],
    floor: Floor,
    day: WorkingDay,
    now: datetime,
) -> dict[str, LineState]:
    """Fold the day's attempts of every line (each in order of time) up to *now*."""
    by = floor.outages.line_failure
    states: dict[str, LineState] = {}
    for line, ordered in attempts.items():
        state = LineState(line, bases.get(line, by.base), by, day.over)
        for attempt in ordered:
            line_failure.advance(state, attempt)
        states[line] = settled(state, day, now)
    return states


def settled(state: LineState, day: WorkingDay, now: datetime) -> LineState:
    """*state* after its last attempt, at *now*."""
    line_failure.settle(state, now)
    if now >= day.over:
        line_failure.close_day(state, day.over)
    return state


def technical(
    floor: Floor,
    states: Mapping[str, LineState],
    calls: Sequence[tuple[datetime, str, str]],
    silent: Sequence[Silence],
    day: WorkingDay,
    now: datetime,
) -> Technical:
    """Technical minutes of the day known at *now*.

    Args:
        states: folded lines; lines that never could have failed may be left out.
        calls: (ended_at, agent, line) of outbound attempts, at least those inside the findings' times.
        silent: silences of call sources.
    """
    calls = sorted(calls)
    found: list[LineFinding] = []
    spans: dict[str, list[tuple[float, float]]] = {}
    for line, state in sorted(states.items()):
        for finding in state.findings:
            others = _others(line, finding, states, calls, now, floor)
            attributed = attribution.of_line(line, finding, others)
            found.append(LineFinding(state, finding, attributed))
            until = finding.technical_until(now, floor.outages.line_failure.window_s)
            failing = frozenset({line, *(other for other, fails in others.items() if fails)})
            for agent in _affected(line, finding, attributed, failing, calls, until, floor):
                spans.setdefault(agent, []).append((at(finding.since), at(until)))
    for one in silent:
        if one.resolved_at is None:
            continue  # while it lasts nobody is judged anyway (trust), and what happened is not known yet
        for agent in _cut_off_by(floor, day, one, one.resolved_at, calls):
            spans.setdefault(agent, []).append((at(one.since), at(one.resolved_at)))
    return Technical(tuple(found), {agent: union(own) for agent, own in spans.items()})


def with_issues(found: Technical, spans: Mapping[str, Spans]) -> Technical:
    """*found* with the spans that detectors over windows take (rules.outages.spans_of)."""
    merged = {
        agent: union([*found.spans.get(agent, ()), *spans.get(agent, ())]) for agent in sorted({*found.spans, *spans})
    }
    return Technical(found.lines, merged)


def cut_off(
    floor: Floor, day: WorkingDay, silent: Sequence[Silence], calls: Sequence[tuple[datetime, str, str]], now: datetime
) -> dict[str, Spans]:
    """Agent → time in which nothing is known of their calls, because the whole floor's source is silent, or was.

    Args:
        calls: (ended_at, agent, line) of outbound attempts, at least those inside the silences.
    """
    spans: dict[str, list[tuple[float, float]]] = {}
    calls = sorted(calls) if silent else ()
    for one in silent:
        until = one.resolved_at or now
        for agent in _cut_off_by(floor, day, one, until, calls):
            spans.setdefault(agent, []).append((at(one.since), at(until)))
    return {agent: union(own) for agent, own in spans.items()}


def unexplained(
    lost: Sequence[Mapping[str, Spans]], one: Silence, load: Load, floor: Floor, now: datetime
) -> Silence | None:
    """*one*, from when on enough was due of people who could work; None while a fault of theirs explains it (ADR 0042).

    A CRM hears nothing of people whose line is dead; while a quarter of those who feed it cannot work, nothing is due of the
    others either, who may be feeding another. That it was so for a while explains no silence of the whole day.

    Args:
        lost: (agent → technical spans), of lines, detectors and silent call sources.
    """
    if "calls" in floor.source_by_id[one.source].feeds or not load.agents:
        return one
    start, end = at(one.since), at(one.resolved_at or now)
    ends: list[tuple[float, int]] = []
    for agent in sorted(load.agents):
        for since, until in union(span for spans in lost for span in spans.get(agent, ())):
            if since < end and until > start:
                ends += [(max(since, start), 1), (min(until, end), -1)]
    if not ends:
        return one
    paced, wanted = replace(load, pace=one.pace), floor.outages.source_silence.min_expected
    away, due, explained, before = 0, 0.0, 0.0, start
    for edge, change in sorted([*ends, (end, 0)]):
        share = 0.0 if 4 * away >= len(load.agents) else 1 - away / len(load.agents)
        piece = paced.expected(_instant(before, one), _instant(edge, one))
        if due + piece * share >= wanted:
            moment = _reached(paced, before, edge, (wanted - due) / share, one)
            explained += paced.expected(_instant(before, one), moment) * (1 - share)
            return replace(one, fired_at=max(one.fired_at, moment), explained=explained)
        due, explained = due + piece * share, explained + piece * (1 - share)
        away, before = away + change, edge
    return None


def _instant(second: float, one: Silence) -> datetime:
    return datetime.fromtimestamp(second, one.since.tzinfo)


def _reached(load: Load, start: float, end: float, wanted: float, one: Silence) -> datetime:
    """The whole second after *start* by which *wanted* were due."""
    low, high = 0, int(end - start) + 1
    while high - low > 1:
        middle = (low + high) // 2
        enough = load.expected(_instant(start, one), _instant(start + middle, one)) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return _instant(min(start + high, end), one)


def _ended(call: tuple[datetime, str, str]) -> datetime:
    return call[0]


def _others(
    line: str,
    finding: Finding,
    states: Mapping[str, LineState],
    calls: Sequence[tuple[datetime, str, str]],
    now: datetime,
    floor: Floor,
) -> dict[str, bool]:
    """Other lines used while *line* failed → whether they were failing at the same time.

    A line that nobody dials over any more says nothing, whatever it was when it was last used (ADR 0042).
    """
    window = timedelta(seconds=floor.outages.line_failure.window_s)
    start, end = finding.since, _seen_until(finding, now, window)
    near = calls[bisect_right(calls, start - window, key=_ended) : bisect_right(calls, end, key=_ended)]
    used = {other for _, _, other in near if other != line}
    return {
        other: any(
            one.since <= end and _seen_until(one, now, window) >= start
            for one in (states[other].findings if other in states else ())
        )
        for other in used
    }


def _seen_until(finding: Finding, now: datetime, window: timedelta) -> datetime:
    """Until when a failure is known to have lasted: never long past its last attempt."""
    return min(finding.resolved_at or now, finding.last_attempt + window)


def _affected(
    line: str,
    finding: Finding,
    attributed: attribution.Attributed,
    failing: frozenset[str],
    calls: Sequence[tuple[datetime, str, str]],
    until: datetime,
    floor: Floor,
) -> frozenset[str]:
    """Whose time it takes: who used the line, with at least half of the attempts on lines that failed then (ADR 0042)."""
    if attributed.verdict == "workplace":
        return frozenset({attributed.scope.removeprefix("agent:")})
    near = calls[bisect_left(calls, finding.since, key=_ended) : bisect_right(calls, until, key=_ended)]
    inside = [(agent, used) for _, agent, used in near]
    users = {agent for agent, used in inside if used == line}
    affected = attribution.mostly_on(failing, inside)
    if attributed.verdict != "floor":
        affected &= users
    if attributed.verdict == "floor":
        idle = {agent.id for agent in floor.agents} - {agent for agent, _ in inside}
        affected |= idle
    return affected


def _cut_off_by(
    floor: Floor, day: WorkingDay, one: Silence, until: datetime, calls: Sequence[tuple[datetime, str, str]]
) -> set[str]:
    if attribution.of_silence(floor, day, one).verdict != "floor":
        return set()
    near = calls[bisect_right(calls, one.since, key=_ended) : bisect_left(calls, until, key=_ended)]
    return set(plans(floor, day).fed.get((one.source,), frozenset()) - {agent for _, agent, _ in near})

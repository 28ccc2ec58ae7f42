"""Past days off a facts file, by the back-test's own reading: technical minutes and doubts as it finds them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from pathlib import Path

import msgspec

from schemas.facts import STATE
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.backtest.day import Day
from services.lab.backtest.read import Version, read
from services.lab.backtest.silent import Silent
from services.local.norms.looked import Advance, Looked, working_dates
from services.rules.baselines import Baselines, DaySummary, learn
from services.rules.connecting import missing
from services.rules.day import working_day
from services.rules.detectors.line_failure import base_rate
from services.rules.history import AgentDay, agent_days, bin_of
from services.rules.path_rows import history_span
from services.rules.technical import HISTORY_DAYS
from services.rules.trust import TrustEvidence, gate

EVER = datetime.max.replace(tzinfo=UTC)


def look(
    path: Path,
    floor: Floor,
    since: Date | None,
    until: Date | None,
    reading: Callable[[int], None],
    advance: Advance,
) -> Looked:
    """Raises: UnreadableFacts, OSError."""
    versions = read(path, floor, reading)
    by_day: dict[Date, list[Version]] = defaultdict(list)
    for version in versions:
        by_day[version.day].append(version)
    if not by_day:
        return Looked(floor, None, (), [])
    first, last = min(by_day), max(by_day)
    since, until = max(since or first, first), min(until or last, last)
    dates = working_dates(floor, since, until)
    history: dict[Date, dict[str, tuple[int, int]]] = {}
    traffic: dict[Date, DaySummary] = {}

    def usual(date: Date) -> Baselines:
        since_then, _ = history_span(floor, date)
        return learn(floor, {on: own for on, own in traffic.items() if since_then <= on < date})

    silent = Silent(floor, as_brought(versions), usual)
    found: list[AgentDay] = []
    for ahead in range((until - first).days + 1):
        date = first + timedelta(days=ahead)
        day = Day(floor, working_day(floor, date), by_day.get(date, ()), _bases(floor, history, date), usual(date))
        if date in dates:
            found += _of_day(floor, day, silent)
        silent.turn(day.day)
        history[date] = day.history(day.day.ends)
        traffic[date] = day.traffic.summary(day.day.ends)
        advance(ahead + 1, (until - first).days + 1)
    return Looked(floor, None, dates, found)


def as_brought(versions: Sequence[Version]) -> Iterator[Version]:
    """What happened before the first receipt of its source counts as arrived when it happened: history that somebody
    brought along (as ``services.aggregator.storage.brought``)."""
    first: dict[str, datetime] = {}
    for one in versions:
        first[one.source] = min(one.received, first.get(one.source, EVER))
    for one in versions:
        yield msgspec.structs.replace(one, received=one.at) if one.at < first[one.source] else one


def _of_day(floor: Floor, day: Day, silent: Silent) -> list[AgentDay]:
    ends = day.day.ends
    unusable, facts = day.unusable(len(day.day.cut_offs))
    seen = TrustEvidence(
        silent=silent.open_at(day.day, ends),
        silent_feeds=day.silent_feeds(ends, EVER),
        unheard=silent.unheard(ends),
        connected=silent.connected(day.day, ends),
        unusable=unusable,
        facts=facts,
    )
    return agent_days(
        floor,
        day.day,
        _counts(floor, day.counted()),
        frozenset(one.agent for one in day.versions if one.agent is not None and one.type != STATE),
        day.states(ends, EVER),
        day.lost(ends, EVER, silent.of(day.day, ends)).spans,
        gate(floor, seen),
        missing(floor, seen.unheard, seen.connected),
    )


def _counts(floor: Floor, counted: Iterable[tuple[Version, tuple[Step, ...]]]) -> dict[str, dict[Step, dict[int, int]]]:
    found: dict[str, dict[Step, dict[int, int]]] = {}
    for version, steps in counted:
        if version.replaced is None:
            number = bin_of(version.at, floor.zone)
            own = found.setdefault(version.agent or "", {})
            for step in steps:
                bins = own.setdefault(step, {})
                bins[number] = bins.get(number, 0) + 1
    return found


def _bases(floor: Floor, history: dict[Date, dict[str, tuple[int, int]]], date: Date) -> dict[str, float]:
    past = [history.get(date - timedelta(days=ago), {}) for ago in range(1, HISTORY_DAYS + 1)]
    by = floor.outages.line_failure
    return {
        line: base_rate([one[line] for one in past if line in one], by)
        for line in {line for one in past for line in one}
    }

"""Lines of one day: their attempts folded once, and on from there at the next close."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import datetime, timedelta

from schemas.facts import CallEnded
from schemas.floor import Floor
from services.lab.backtest.read import Version
from services.lab.backtest.sorting import Sorted
from services.rules.day import WorkingDay
from services.rules.detectors import line_failure
from services.rules.detectors.line_failure import Attempt, LineState
from services.rules.detectors.source_silence import Silence
from services.rules.technical import Technical, settled, technical

Call = tuple[datetime, str, str]
"""(ended, agent, line)."""


@dataclass(slots=True)
class _Line:
    """``odd``: positions of attempts that were not known within the grace, or that another version took the place of."""

    attempts: list[Attempt] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    state: LineState | None = None
    folded: int = 0
    knew: tuple[int, ...] = ()


class Lines:
    def __init__(self, floor: Floor, day: WorkingDay, found: Sorted, bases: Mapping[str, float]) -> None:
        self.floor, self.day, self._found, self._bases = floor, day, found, bases
        self._grace = timedelta(seconds=floor.grace_s)
        self._lines = self._suspicious()
        self._calls = [
            ((version.at, version.agent, version.line), version) for version in found.calls if version.agent is not None
        ]

    def history(self, by: datetime) -> dict[str, tuple[int, int]]:
        """Line → (attempts, network failures) of the day, as known at *by*."""
        return self._history(by)

    def _history(self, by: datetime | None) -> dict[str, tuple[int, int]]:
        attempts: dict[str, int] = {}
        failures: dict[str, int] = {}
        for version, failed in zip(self._found.calls, self._found.failed, strict=True):
            if by is None or version.known(by):
                line = version.line
                attempts[line] = attempts.get(line, 0) + 1
                if failed:
                    failures[line] = failures.get(line, 0) + 1
        return {line: (count, failures.get(line, 0)) for line, count in attempts.items()}

    def _suspicious(self) -> dict[str, _Line]:
        """Lines that ever could have failed today."""
        least = self.floor.outages.line_failure
        guilty = {
            line
            for line, (_, failed) in self._history(None).items()
            if failed >= min(least.in_a_row, least.min_failures)
        }
        found = {line: _Line() for line in sorted(guilty)}
        for version, failed in zip(self._found.calls, self._found.failed, strict=True):
            own = found.get(version.line)
            if own is None or type(version.data) is not CallEnded:
                continue
            if version.replaced is not None or version.received > version.at + self._grace:
                own.odd.append(len(own.attempts))
            own.attempts.append(_attempt(version, version.data, failed))
            own.versions.append(version)
        return found

    def technical(self, until: datetime, by: datetime, silent: Sequence[Silence]) -> Technical:
        """What lines and sources took up to *until*, of what was known at *by* (at least the grace later)."""
        states = {line: self._state(line, own, until, by) for line, own in self._lines.items()}
        over = [one for one in silent if one.resolved_at is not None]
        starts = [finding.since for state in states.values() for finding in state.findings] + [
            one.since for one in over
        ]
        if not starts:
            return Technical((), {})
        reach = min(starts) - timedelta(seconds=self.floor.outages.line_failure.window_s)
        near = self._calls[bisect_left(self._calls, reach, key=_at) : bisect_right(self._calls, until, key=_at)]
        calls = [call for call, version in near if version.known(by)]
        return technical(self.floor, states, calls, over, self.day, until)

    def calls(self, until: datetime, by: datetime) -> list[Call]:
        """Outbound attempts up to *until*, in order, as known at *by*."""
        return [call for call, version in self._calls[: bisect_right(self._calls, until, key=_at)] if version.known(by)]

    def _state(self, line: str, own: _Line, until: datetime, by: datetime) -> LineState:
        end = bisect_right(own.attempts, until, key=_when)
        knows = tuple(number for number in own.odd if number < end and own.versions[number].known(by))
        before = tuple(number for number in knows if number < own.folded)
        if own.state is None or end < own.folded or before != own.knew:
            limits = self.floor.outages.line_failure
            own.state = LineState(line, self._bases.get(line, limits.base), limits, self.day.over)
            own.folded = 0
        unknown = set(own.odd).difference(knows)
        for number in range(own.folded, end):
            if number not in unknown:
                line_failure.advance(own.state, own.attempts[number])
        own.folded, own.knew = end, knows
        return settled(_copy(own.state), self.day, until)


def _copy(state: LineState) -> LineState:
    """One that can be settled while the original goes on."""
    found = copy(state)
    found.window, found.run, found.closed = state.window.copy(), list(state.run), list(state.closed)
    if state.open is not None:
        found.open = changed(
            state.open, codes=dict(state.open.codes), failures_by_agent=dict(state.open.failures_by_agent)
        )
    return found


def _attempt(version: Version, call: CallEnded, failed: bool) -> Attempt:
    code = f"SIP {call.sip_status}" if call.sip_status else f"Q.850 {call.q850}" if call.q850 else ""
    return Attempt(version.at, version.agent, call.customer, failed, code, call.call_id, call.disposition)


def _at(call: tuple[Call, Version]) -> datetime:
    return call[0][0]


def _when(attempt: Attempt) -> datetime:
    return attempt.at

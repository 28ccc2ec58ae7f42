"""One day of versions, arranged so that the evidence of each slice is read off: what the live closer does by SQL.

Every version is looked at once: it enters at the first slice by whose close it had happened *and* was known. The few
versions that a later one replaced leave again, and are kept apart.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from math import floor as whole
from typing import cast

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION, AgentState, CallEnded, StateName
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.backtest.read import Version
from services.lab.backtest.traffic import Traffic
from services.rules.baselines import Baselines, Feed, learn
from services.rules.causes import is_network_failure
from services.rules.day import CutOff, WorkingDay
from services.rules.detectors.line_failure import Attempt
from services.rules.detectors.source_silence import Silence
from services.rules.exposure import States
from services.rules.feeds import silent_feeds
from services.rules.funnel import Thresholds, steps_of, thresholds
from services.rules.hearing import Deed
from services.rules.outages import Issue, spans_of, survey
from services.rules.rung import Answers
from services.rules.technical import Technical, fold_lines, technical, with_issues

Tally = dict[str, dict[Step, int]]
Paths = dict[str, dict[str, tuple[int, int]]]


class Day:
    """Versions whose local date is this day, in order of time.

    A slice is named by its position; ``-1`` means the day as known at the end of the file.
    """

    def __init__(
        self,
        floor: Floor,
        day: WorkingDay,
        versions: Sequence[Version],
        bases: Mapping[str, float] | None = None,
        baselines: Baselines | None = None,
    ) -> None:
        self.baselines = baselines or learn(floor, {})
        self.floor, self.day, self.versions, self.bases = floor, day, versions, bases or {}
        self._cuts = [cut.at for cut in day.cut_offs]
        self._known = [known_by(cut, floor) for cut in day.cut_offs]

    def happened(self, version: Version) -> int:
        """Position of the slice the version falls into; the number of slices when it is after the last."""
        return bisect_left(self._cuts, version.at)

    def learned(self, version: Version) -> int:
        """Position of the first slice by whose close the version was known."""
        return bisect_left(self._known, version.received)

    def _in(self, version: Version, position: int) -> bool:
        """Whether a replaced version was what was known at the close of the slice at *position*."""
        by = self._known[position] if position >= 0 else datetime.max.replace(tzinfo=version.at.tzinfo)
        return version.known(by)

    @cached_property
    def counted(self) -> list[tuple[Version, tuple[Step, ...]]]:
        """Versions of roster agents that count in a step."""
        by = {team.id: thresholds(self.floor, team.id) for team in self.floor.teams}
        team_of: dict[str, Thresholds] = {agent.id: by[agent.team] for agent in self.floor.agents}
        found = []
        for version in self.versions:
            if version.agent is not None and (steps := steps_of(version.type, version.data, team_of[version.agent])):
                found.append((version, steps))
        return found

    @cached_property
    def by_agent(self) -> dict[str, list[tuple[Version, tuple[Step, ...]]]]:
        found: dict[str, list[tuple[Version, tuple[Step, ...]]]] = defaultdict(list)
        for one in self.counted:
            found[one[0].agent or ""].append(one)
        return found

    @cached_property
    def calls(self) -> list[tuple[Version, CallEnded]]:
        """Outbound attempts."""
        return [
            (version, version.data)
            for version in self.versions
            if type(version.data) is CallEnded and version.data.direction == "outbound"
        ]

    @cached_property
    def _done(self) -> list[Tally]:
        """Per slice: agent → step → count since midnight."""
        size = len(self._cuts)
        entering: list[Tally] = [{} for _ in range(size + 1)]
        for version, steps in self.counted:
            if version.replaced is None:
                _add(entering[max(self.happened(version), self.learned(version))], version.agent or "", steps)
        running: Tally = {}
        found = []
        for position in range(size):
            for agent, own in entering[position].items():
                total = running.setdefault(agent, {})
                for step, count in own.items():
                    total[step] = total.get(step, 0) + count
            found.append({agent: dict(own) for agent, own in running.items()})
        self._add_replaced(found, whole_day=True)
        return found

    @cached_property
    def _within(self) -> list[Tally]:
        """Per slice: agent → step → count since the previous cut-off."""
        size = len(self._cuts)
        found: list[Tally] = [{} for _ in range(size)]
        for version, steps in self.counted:
            at = self.happened(version)
            if version.replaced is None and at < size and self.learned(version) <= at:
                _add(found[at], version.agent or "", steps)
        self._add_replaced(found, whole_day=False)
        return found

    def _add_replaced(self, found: list[Tally], *, whole_day: bool) -> None:
        for version, steps in self.counted:
            if version.replaced is not None:
                at = self.happened(version)
                for position in range(at, len(found) if whole_day else min(at + 1, len(found))):
                    if self._in(version, position):
                        _add(found[position], version.agent or "", steps)

    def done(self, position: int) -> Tally:
        return self._done[position]

    def in_slice(self, position: int) -> Tally:
        return self._within[position]

    def done_at_last(self, position: int) -> Tally:
        """What ``done`` of that slice is with all that arrived later."""
        found: Tally = {}
        for version, steps in self.counted:
            if version.at > self._cuts[position]:
                break
            if version.replaced is None:
                _add(found, version.agent or "", steps)
        return found

    def count_of(self, agent: str, step: Step, since: datetime, until: datetime, by: datetime) -> int:
        return sum(
            step in steps and since < version.at <= until and version.known(by)
            for version, steps in self.by_agent.get(agent, ())
        )

    def answers(self, position: int) -> dict[str, Answers]:
        """Agent → path → (attempts, answered); the path is the campaign where there is one, else the line."""
        found: Paths = {}
        for entering in self._answers[: position + 1]:
            for agent, paths in entering.items():
                own = found.setdefault(agent, {})
                for path, (attempts, answered) in paths.items():
                    before = own.get(path, (0, 0))
                    own[path] = (before[0] + attempts, before[1] + answered)
        return dict(found)

    @cached_property
    def _answers(self) -> list[Paths]:
        found: list[Paths] = [{} for _ in range(len(self._cuts) + 1)]
        for version, call in self.calls:
            if version.agent is not None and version.replaced is None:
                own = found[max(self.happened(version), self.learned(version))].setdefault(version.agent, {})
                attempts, answered = own.get(path := call.campaign or version.line, (0, 0))
                own[path] = (attempts + 1, answered + (call.disposition == "answered"))
        return found

    def states(self, until: datetime, by: datetime) -> dict[str, States]:
        found: dict[str, list[tuple[datetime, StateName]]] = defaultdict(list)
        for version in self._state_changes:
            if version.agent is not None and version.at <= until and version.known(by):
                found[version.agent].append((version.at, cast(AgentState, version.data).state))
        return dict(found)

    @cached_property
    def _state_changes(self) -> list[Version]:
        return [version for version in self.versions if type(version.data) is AgentState]

    def deeds(self, agents: frozenset[str], until: datetime, by: datetime) -> list[Deed]:
        """What the calls to hear are chosen from: calls and what came of them, of these agents."""
        if not agents:
            return []
        return [
            _deed(version)
            for version in self.versions
            if version.agent in agents and version.at <= until and version.known(by) and _matters(version)
        ]

    def delays_p95(self, position: int) -> dict[str, float]:
        """Per source, p95 of received − occurred, seconds, of the slice's calls."""
        return {source: percentile(values, 0.95) for source, values in self._delays[position].items()}

    @cached_property
    def _delays(self) -> list[dict[str, list[float]]]:
        size = len(self._cuts)
        found: list[dict[str, list[float]]] = [defaultdict(list) for _ in range(size)]
        for version in self.versions:
            if version.type == CALL and (at := self.happened(version)) < size and self.learned(version) <= at:
                found[at][version.source].append((version.received - version.at).total_seconds())
        return found

    def unusable(self, position: int) -> tuple[int, int]:
        """(unattributed, all) facts of the day known at the close of the slice."""
        return sum(self._unusable[0][: position + 1]), sum(self._unusable[1][: position + 1])

    @cached_property
    def _unusable(self) -> tuple[list[int], list[int]]:
        size = len(self._cuts) + 1
        lost, known = [0] * size, [0] * size
        for version in self.versions:
            if version.replaced is None:
                position = self.learned(version)
                known[position] += 1
                lost[position] += is_unattributed(version)
        return lost, known

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self.floor, self.calls, self.versions)

    def issues(self, until: datetime, by: datetime | None, lines: Technical, silent: Sequence[Silence]) -> list[Issue]:
        """What the detectors over windows find up to *until*, of what was known at *by* (None: at last)."""
        failing = [
            (one.state.line, one.finding.since, one.finding.resolved_at, one.attributed.verdict) for one in lines.lines
        ]
        cells, marks = self.traffic.cells(by), self.traffic.marks(by)
        return survey(self.floor, self.day, cells, marks, self.baselines, failing, silent, until)

    def silent_feeds(self, until: datetime, by: datetime) -> frozenset[Feed]:
        """Feeds of which nothing came any more at *until*, of what was known at *by*."""
        cells, marks = self.traffic.cells(by), self.traffic.marks(by)
        return silent_feeds(self.floor, self.day, cells, marks, self.baselines, until)

    def lost(self, until: datetime, by: datetime, silent: Sequence[Silence]) -> Technical:
        """Technical minutes up to *until* by all detectors, of what was known at *by*."""
        lines = self.technical(until, by, silent)
        return with_issues(lines, spans_of(self.issues(until, by, lines, silent), until))

    def technical(self, until: datetime, by: datetime, silent: Iterable[Silence]) -> Technical:
        """What lines and sources took up to *until*, of what was known at *by*."""
        attempts = {
            line: [attempt for version, attempt in ordered if attempt.at <= until and version.known(by)]
            for line, ordered in self._suspicious.items()
        }
        states = fold_lines(attempts, self.bases, self.floor, self.day, until)
        over = [one for one in silent if one.resolved_at is not None]
        if not over and not any(state.findings for state in states.values()):
            return Technical((), {})
        end = bisect_right(self._own_calls, until, key=_at)
        calls = [
            call
            for call, received, replaced in self._own_calls[:end]
            if received <= by and (not replaced or replaced > by)
        ]
        return technical(self.floor, states, calls, over, self.day, until)

    @cached_property
    def _own_calls(self) -> list[tuple[tuple[datetime, str, str], datetime, datetime | None]]:
        """((at, agent, line), received, replaced) of attempts of the roster, in order of time."""
        return [
            ((version.at, version.agent, version.line), version.received, version.replaced)
            for version, _ in self.calls
            if version.agent is not None
        ]

    @cached_property
    def _suspicious(self) -> dict[str, list[tuple[Version, Attempt]]]:
        """Attempts of the lines that ever could have failed today."""
        least = self.floor.outages.line_failure
        guilty = {
            line for line, (_, failed) in self.history().items() if failed >= min(least.in_a_row, least.min_failures)
        }
        found: dict[str, list[tuple[Version, Attempt]]] = {line: [] for line in sorted(guilty)}
        for (version, call), failed in zip(self.calls, self._failed, strict=True):
            if version.line in guilty:
                found[version.line].append((version, attempt_of(version, call, failed)))
        return found

    def history(self, by: datetime | None = None) -> dict[str, tuple[int, int]]:
        """Line → (attempts, network failures) of the day, of all that is known, or was at *by*."""
        found: dict[str, tuple[int, int]] = {}
        for (version, _), failed in zip(self.calls, self._failed, strict=True):
            if by is None or version.known(by):
                attempts, failures = found.get(version.line, (0, 0))
                found[version.line] = (attempts + 1, failures + failed)
        return found

    @cached_property
    def _failed(self) -> list[bool]:
        """Of each of ``calls``, whether the network failed it."""
        causes = self.floor.outages.causes
        return [
            call.disposition != "answered" and is_network_failure(call.disposition, call.sip_status, call.q850, causes)
            for _, call in self.calls
        ]


def _matters(version: Version) -> bool:
    if isinstance(version.data, CallEnded):
        return version.data.direction != "internal"
    return version.type in (PRESENTATION, INVOICE, PAYMENT)


def _deed(version: Version) -> Deed:
    data = version.data
    call = data if isinstance(data, CallEnded) else None
    return Deed(
        type=version.type,
        agent=version.agent or "",
        at=version.at,
        call=getattr(data, "call_id", None),
        started_at=call.started_at if call else None,
        talk_s=float(call.talk_s) if call and call.disposition == "answered" else None,
        recording=call.recording_url if call else None,
        deal=getattr(data, "deal", None),
        invoice=getattr(data, "invoice", None),
    )


def _at(call: tuple[tuple[datetime, str, str], datetime, datetime | None]) -> datetime:
    return call[0][0]


def _add(tally: Tally, agent: str, steps: Iterable[Step]) -> None:
    own = tally.setdefault(agent, {})
    for step in steps:
        own[step] = own.get(step, 0) + 1


def attempt_of(version: Version, call: CallEnded, failed: bool) -> Attempt:
    code = f"SIP {call.sip_status}" if call.sip_status else f"Q.850 {call.q850}" if call.q850 else ""
    return Attempt(
        at=version.at,
        agent=version.agent,
        customer=call.customer,
        failed=failed,
        code=code,
        call_id=call.call_id,
        disposition=call.disposition,
    )


def is_unattributed(version: Version) -> bool:
    """Nobody on the roster did it, though somebody must have: a call that reached nobody has nobody to be found."""
    if version.agent is not None:
        return False
    if isinstance(version.data, CallEnded):
        return version.data.direction == "outbound" or (
            version.data.direction == "inbound" and version.identity is not None
        )
    return True


def percentile(values: Sequence[float], share: float) -> float:
    """Linear interpolation between order statistics, as PostgreSQL's percentile_cont."""
    ordered = sorted(values)
    where = share * (len(ordered) - 1)
    low = whole(where)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (where - low)


def known_by(cut: CutOff, floor: Floor) -> datetime:
    """Facts received by then belong to the frozen slice."""
    return cut.at + timedelta(seconds=floor.grace_s)

"""One day of versions, arranged so that the evidence of each slice is read off: what the live closer does by SQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from math import floor as whole

from schemas.facts import CALL, STATE, AgentState, CallEnded
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.backtest.read import Version
from services.rules.causes import is_network_failure
from services.rules.day import CutOff, WorkingDay
from services.rules.detectors.line_failure import Attempt, LineState
from services.rules.detectors.source_silence import Silence
from services.rules.exposure import States
from services.rules.funnel import Thresholds, steps_of, thresholds
from services.rules.rung import Answers
from services.rules.technical import Technical, fold_lines, technical


@dataclass
class Day:
    """Versions whose local date is this day, in order of time. Not frozen: its answers are cached."""

    floor: Floor
    day: WorkingDay
    versions: Sequence[Version]
    bases: Mapping[str, float] = field(default_factory=dict)

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
            if isinstance(version.data, CallEnded) and version.data.direction == "outbound"
        ]

    def counts(self, since: datetime, until: datetime, by: datetime) -> dict[str, dict[Step, int]]:
        """Agent → step → count in (since, until], of what was known at *by*."""
        found: dict[str, dict[Step, int]] = {}
        for version, steps in self.counted:
            if since < version.at <= until and version.known(by):
                own = found.setdefault(version.agent or "", {})
                for step in steps:
                    own[step] = own.get(step, 0) + 1
        return found

    def count_of(self, agent: str, step: Step, since: datetime, until: datetime, by: datetime) -> int:
        return sum(
            step in steps and since < version.at <= until and version.known(by)
            for version, steps in self.by_agent.get(agent, ())
        )

    def answers(self, until: datetime, by: datetime) -> dict[str, Answers]:
        """Agent → path → (attempts, answered); the path is the campaign where there is one, else the line."""
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for version, call in self.calls:
            if version.agent is not None and version.at <= until and version.known(by):
                own = found.setdefault(version.agent, {})
                attempts, answered = own.get(path := call.campaign or version.line, (0, 0))
                own[path] = (attempts + 1, answered + (call.disposition == "answered"))
        return dict(found)

    def states(self, until: datetime, by: datetime) -> dict[str, States]:
        found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for version in self._state_changes:
            if version.agent is not None and version.at <= until and version.known(by):
                assert isinstance(version.data, AgentState)
                found[version.agent].append((version.at, version.data.state))
        return dict(found)  # type: ignore[arg-type]  # the names are StateName by decoding

    @cached_property
    def _state_changes(self) -> list[Version]:
        return [version for version in self.versions if version.type == STATE]

    def delays_p95(self, cut: CutOff, by: datetime) -> dict[str, float]:
        """Per source, p95 of received − occurred, seconds, of the slice's calls (linear interpolation)."""
        since = self.day.previous(cut.name)
        delays: dict[str, list[float]] = defaultdict(list)
        for version in self.versions:
            if version.type == CALL and since < version.at <= cut.at and version.known(by):
                delays[version.source].append((version.received - version.at).total_seconds())
        return {source: percentile(values, 0.95) for source, values in delays.items()}

    def unusable(self, by: datetime) -> tuple[int, int]:
        """(unattributed, all) facts of the day known at *by*."""
        known = [version for version in self.versions if version.known(by)]
        return sum(is_unattributed(version) for version in known), len(known)

    def lines(self, until: datetime, by: datetime) -> dict[str, LineState]:
        attempts = {
            line: [attempt for version, attempt in ordered if attempt.at <= until and version.known(by)]
            for line, ordered in self._suspicious.items()
        }
        return fold_lines(attempts, self.bases, self.floor, self.day, until)

    def technical(self, until: datetime, by: datetime, silent: Iterable[Silence]) -> Technical:
        calls = [
            (version.at, version.agent, version.line)
            for version, _ in self.calls
            if version.agent is not None and version.at <= until and version.known(by)
        ]
        return technical(self.floor, self.lines(until, by), calls, list(silent), self.day, until)

    @cached_property
    def _suspicious(self) -> dict[str, list[tuple[Version, Attempt]]]:
        """Attempts of the lines that ever could have failed today."""
        causes, least = self.floor.outages.causes, self.floor.outages.line_failure
        failures: dict[str, int] = defaultdict(int)
        for version, call in self.calls:
            failures[version.line] += is_network_failure(call.disposition, call.sip_status, call.q850, causes)
        guilty = {line for line, count in failures.items() if count >= min(least.in_a_row, least.min_failures)}
        found: dict[str, list[tuple[Version, Attempt]]] = {line: [] for line in sorted(guilty)}
        for version, call in self.calls:
            if version.line in guilty:
                found[version.line].append((version, attempt_of(version, call, self.floor)))
        return found

    def history(self) -> dict[str, tuple[int, int]]:
        """Line → (attempts, network failures) of the day as known at its end: tomorrow's base rate is made of it."""
        found: dict[str, tuple[int, int]] = {}
        causes = self.floor.outages.causes
        for version, call in self.calls:
            if version.known(self.day.ends):
                attempts, failures = found.get(version.line, (0, 0))
                failed = is_network_failure(call.disposition, call.sip_status, call.q850, causes)
                found[version.line] = (attempts + 1, failures + failed)
        return found


def attempt_of(version: Version, call: CallEnded, floor: Floor) -> Attempt:
    code = f"SIP {call.sip_status}" if call.sip_status else f"Q.850 {call.q850}" if call.q850 else ""
    return Attempt(
        at=version.at,
        agent=version.agent,
        customer=call.customer,
        failed=is_network_failure(call.disposition, call.sip_status, call.q850, floor.outages.causes),
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

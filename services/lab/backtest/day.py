"""One day of versions, arranged so that the evidence of each slice is read off: what the live closer does by SQL.

``sorting`` looks at every version once; ``tallies``, ``lines`` and ``traffic`` answer from what it put in place.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import cast

from schemas.facts import AgentState, CallEnded, StateName
from schemas.floor import Floor
from schemas.steps import Step
from services.lab.backtest.lines import Call, Lines
from services.lab.backtest.read import Version
from services.lab.backtest.sorting import Sorted, Steps, known_by, may_be_heard, sort
from services.lab.backtest.tallies import Tallies, Tally, answers_by, percentile
from services.lab.backtest.traffic import Traffic
from services.rules.baselines import Baselines, Feed, learn
from services.rules.day import WorkingDay
from services.rules.deeds import Deed
from services.rules.detectors.source_silence import Silence
from services.rules.exposure import States
from services.rules.feeds import silent_feeds
from services.rules.outages import Issue, spans_of, survey
from services.rules.rung import Answers
from services.rules.technical import Technical, with_issues

FOREVER = datetime.max.replace(tzinfo=UTC)


class Day:
    """Versions whose local date is this day, in order of time. A slice is named by its position."""

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
        self._at_last: dict[tuple[Silence, ...], tuple[Technical, list[Issue]]] = {}

    @cached_property
    def _sorted(self) -> Sorted:
        return sort(self.floor, self.day, self.versions)

    @cached_property
    def _tallies(self) -> Tallies:
        return Tallies(self._sorted, [known_by(cut, self.floor) for cut in self.day.cut_offs])

    @cached_property
    def _answers(self) -> list[dict[str, Answers]]:
        return answers_by(self._sorted.answers)

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.floor, self.day, self._sorted, self.bases)

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self.floor, self.versions, self._sorted)

    def done(self, position: int) -> Tally:
        return self._tallies.done[position]

    def in_slice(self, position: int) -> Tally:
        return self._tallies.in_slice[position]

    def late(self, position: int) -> Tally:
        """What ``done`` of that slice is short of, with all that arrived later."""
        return self._tallies.late[position]

    def counted(self) -> Iterator[tuple[Version, Steps]]:
        """Versions of roster agents that count in a step, agent by agent."""
        return (one for own in self._sorted.of_agent.values() for one in own if one[1])

    def count_of(self, agent: str, step: Step, since: datetime, until: datetime, by: datetime) -> int:
        own = self._sorted.of_agent.get(agent, [])
        first, last = bisect_right(own, since, key=_at), bisect_right(own, until, key=_at)
        return sum(step in steps and version.known(by) for version, steps in own[first:last])

    def answers(self, position: int) -> dict[str, Answers]:
        """Agent → path → (attempts, answered); the path is the campaign where there is one, else the line."""
        return self._answers[position]

    def states(self, until: datetime, by: datetime) -> dict[str, States]:
        found: dict[str, list[tuple[datetime, StateName]]] = defaultdict(list)
        for version in self._sorted.states:
            if version.agent is not None and version.at <= until and version.known(by):
                found[version.agent].append((version.at, cast(AgentState, version.data).state))
        return dict(found)

    def deeds(self, agents: frozenset[str], until: datetime, by: datetime) -> list[Deed]:
        """What the calls to hear are chosen from: calls and what came of them, of these agents."""
        return [
            _deed(version)
            for agent in sorted(agents)
            for version, _ in self._sorted.of_agent.get(agent, ())
            if version.at <= until and version.known(by) and may_be_heard(version)
        ]

    def delays_p95(self, position: int) -> dict[str, float]:
        """Per source, p95 of received − occurred, seconds, of the slice's calls."""
        return {source: percentile(values, 0.95) for source, values in self._sorted.delays[position].items()}

    def unusable(self, position: int) -> tuple[int, int]:
        """(unattributed, all) facts of the day known at the close of the slice."""
        return sum(self._sorted.lost[: position + 1]), sum(self._sorted.known[: position + 1])

    @property
    def outside(self) -> int:
        """Facts that fall into no slice: after the last cut-off, or on a day off."""
        return self._sorted.outside

    def history(self, by: datetime) -> dict[str, tuple[int, int]]:
        """Line → (attempts, network failures) of the day, as known at *by*."""
        return self._lines.history(by)

    def technical(self, until: datetime, by: datetime, silent: Sequence[Silence]) -> Technical:
        """What lines and sources took up to *until*, of what was known at *by*."""
        return self._lines.technical(until, by, silent)

    def calls(self, until: datetime, by: datetime) -> list[Call]:
        """(ended, agent, line) of outbound attempts up to *until*, as known at *by*."""
        return self._lines.calls(until, by)

    def issues(self, until: datetime, by: datetime | None, lines: Technical, silent: Sequence[Silence]) -> list[Issue]:
        """What the detectors over windows find up to *until*, of what was known at *by* (None: at last)."""
        failing = [
            (one.state.line, one.finding.since, one.finding.resolved_at, one.attributed.verdict) for one in lines.lines
        ]
        cells, marks = self.traffic.cells(by, until), self.traffic.marks(by)
        return survey(self.floor, self.day, cells, marks, self.baselines, failing, silent, until)

    def silent_feeds(self, until: datetime, by: datetime) -> frozenset[Feed]:
        """Feeds of which nothing came any more at *until*, of what was known at *by*."""
        cells, marks = self.traffic.cells(by, until), self.traffic.marks(by)
        return silent_feeds(self.floor, self.day, cells, marks, self.baselines, until)

    def at_last(self, silent: Sequence[Silence]) -> tuple[Technical, list[Issue]]:
        """Of the whole day and of all that ever became known of it: what lines and sources took, and what the detectors over
        windows find. *silent*: the silences of the day, at its end."""
        key = tuple(silent)
        if key not in self._at_last:
            lines = self.technical(self.day.ends, FOREVER, silent)
            self._at_last[key] = lines, self.issues(self.day.ends, None, lines, silent)
        return self._at_last[key]

    def lost_at_last(self, silent: Sequence[Silence]) -> Technical:
        """Technical minutes of the whole day by all detectors, of all that ever became known."""
        lines, issues = self.at_last(silent)
        return with_issues(lines, spans_of(issues, self.day.ends))

    def lost(self, until: datetime, by: datetime, silent: Sequence[Silence]) -> Technical:
        """Technical minutes up to *until* by all detectors, of what was known at *by*.

        A day that is over, and of which nothing more was ever learned, is looked at once, however often an open task
        reaches back to it.
        """
        if until >= self.day.ends and by >= self._settled:
            return self.lost_at_last(silent)
        lines = self.technical(until, by, silent)
        return with_issues(lines, spans_of(self.issues(until, by, lines, silent), until))

    @cached_property
    def _settled(self) -> datetime:
        """When the last was learned of the day."""
        last = self.day.ends
        for version in self.versions:
            last = max(last, version.received, version.replaced or last)
        return last


def _at(one: tuple[Version, Steps]) -> datetime:
    return one[0].at


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
        outbound=call is not None and call.direction == "outbound",
    )

"""Lines of the partitions owned: today's fold of line_failure for each, and when each was last heard of."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from datetime import date as Date
from typing import Any

from schemas.facts import Fact
from schemas.messages import LineHealth
from services.aggregator.live.attempts import attempt_of
from services.aggregator.live.counted import Counted, short_id
from services.aggregator.live.floors import Floors
from services.rules.detectors import line_failure
from services.rules.detectors.line_failure import LineState


class LineDay:
    """One line on one day. A source without lines is a line of its own name."""

    __slots__ = ("counted", "occurred_s", "received_s", "source", "state")

    def __init__(self, source: str, state: LineState, counted: Counted | None = None) -> None:
        self.source, self.state = source, state
        self.counted = counted or Counted()
        self.received_s = 0.0
        self.occurred_s = 0.0

    def heard(self, received_s: float, occurred_s: float) -> None:
        self.received_s = max(self.received_s, received_s)
        self.occurred_s = max(self.occurred_s, occurred_s)

    def message(self, date: Date, now: datetime, more: Mapping[str, Any] | None = None) -> LineHealth:
        """State at *now*; *more* is put beside the detector's evidence while a finding is open."""
        state, found = self.state, self.state.open
        last = found or (state.closed[-1] if state.closed else None)
        shown: dict[str, Any] = line_failure.evidence(state, last) if last else {}
        return LineHealth(
            line=state.line,
            source=self.source,
            date=date,
            at=now,
            last_received_at=_instant(self.received_s),
            last_occurred_at=_instant(self.occurred_s),
            attempts=state.attempts,
            failures=state.failures,
            in_a_row=len(state.run),
            base=state.base,
            state=state.name(now),
            failing_since=last.since if last else None,
            fired_at=last.fired_at if last else None,
            recovered_at=found.last_failure if found and found.below_since else None,
            resolved_at=last.resolved_at if last else None,
            evidence={**shown, **(more or {})} if found else shown,
        )


class Lines:
    """``touched`` gathers the lines to publish. ``date`` is the day that is folded; other days' facts are not ours."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors
        self.date: Date | None = None
        self.partitions: dict[int, dict[str, LineDay]] = {}
        self.bases: dict[int, dict[str, float]] = {}
        self.touched: set[tuple[int, str]] = set()

    def begin(self, date: Date) -> None:
        self.date = date

    def put(self, partition: int, lines: dict[str, LineDay], bases: dict[str, float]) -> None:
        self.partitions[partition], self.bases[partition] = lines, bases
        self.touched.update((partition, line) for line in lines)

    def drop(self, partitions: Iterable[int]) -> None:
        gone = set(partitions)
        for partition in gone:
            self.partitions.pop(partition, None)
            self.bases.pop(partition, None)
        self.touched = {pair for pair in self.touched if pair[0] not in gone}

    def new_line(self, partition: int, line: str, source: str) -> LineDay:
        by = self._floors.latest.outages.line_failure
        base, over = self.bases.get(partition, {}).get(line, by.base), self._floors.today().day.over
        return LineDay(source, LineState(line, base, by, over))

    def apply(self, partition: int, fact: Fact) -> bool:
        """Fold a fact once; False when it was known or of another day. Raises: ValueError on an id that is no UUID."""
        held = self.partitions.get(partition)
        if held is None or self._floors.live_date(fact.time) != self.date:
            return False
        line = fact.line
        found = held.get(line)
        if found is None:
            found = held[line] = self.new_line(partition, line, fact.source)
        if not found.counted.add(short_id(fact.id)):
            return False
        found.heard(fact.received_at.timestamp() if fact.received_at else 0.0, fact.time.timestamp())
        one = attempt_of(fact, self._floors.latest.outages.causes)
        if one is not None:
            line_failure.advance(found.state, one)
        self.touched.add((partition, line))
        return True

    def pass_time(self, now: datetime) -> None:
        """Let findings end by the clock; lines whose state moved, or whose finding is open, are to be published."""
        over = self._floors.today().day.over
        for partition, held in self.partitions.items():
            for line, found in held.items():
                if found.state.open is None:
                    continue
                line_failure.settle(found.state, now)
                if now >= over:
                    line_failure.close_day(found.state, over)
                self.touched.add((partition, line))

    def all(self) -> Iterator[LineDay]:
        for held in self.partitions.values():
            yield from held.values()


def _instant(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None

"""Reads a facts file into versions: deduplicated, revised, attributed. The order of the file never matters."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from datetime import time as Time
from pathlib import Path

import msgspec

from schemas.facts import BadFact, Data, Fact, content_hash, decode, encode
from schemas.floor import Floor
from services.rules.day import date_of, local_instant

CLAMP = timedelta(seconds=60)


class UnreadableFacts(ValueError):
    """A line of the file is not a fact; the message names file and line."""


class Version(msgspec.Struct, frozen=True, gc=False):
    """What one event was known to say from ``received`` until ``replaced`` (None: to the end).

    ``agent`` is on the roster or None; ``at`` is occurred_at, clamped; ``day`` its local date.
    """

    id: str
    type: str
    source: str
    line: str
    agent: str | None
    identity: str | None
    at: datetime
    day: Date
    received: datetime
    replaced: datetime | None
    data: Data

    def known(self, by: datetime) -> bool:
        return self.received <= by and (self.replaced is None or self.replaced > by)


def read(path: Path, floor: Floor, on_progress: Callable[[int], None] | None = None) -> list[Version]:
    """All versions of all events of a file, sorted by (at, id, received).

    Raises: UnreadableFacts, OSError.
    """
    first: dict[str, Fact] = {}
    several: dict[str, list[Fact]] = {}
    for count, fact in enumerate(facts(path), start=1):
        before = first.setdefault(fact.id, fact)
        if before is not fact:
            several.setdefault(fact.id, [before]).append(fact)
        if on_progress and count % 10_000 == 0:
            on_progress(10_000)
    found: list[Version] = []
    dates = _Dates(floor)
    for id_, fact in first.items():
        if id_ in several:
            found.extend(_versions(several[id_], floor, dates))
        else:
            found.append(_version(fact, fact.received_at or fact.time, None, floor, dates))
    found.sort(key=lambda version: (version.at, version.id, version.received))
    return found


def facts(path: Path) -> Iterator[Fact]:
    """Facts of an ``.ndjson`` file, in its order. Raises: UnreadableFacts."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.isspace():
                continue
            try:
                yield decode(line)
            except BadFact as error:
                raise UnreadableFacts(f"{path}:{number}: {error}") from error


def _received(fact: Fact) -> datetime:
    return fact.received_at or fact.time


def _versions(deliveries: Iterable[Fact], floor: Floor, dates: "_Dates") -> Iterator[Version]:
    """Runs of equal content in order of arrival: each run is a version, the next one replaces it."""
    runs: list[tuple[Fact, datetime]] = []
    last: bytes | None = None
    for received, _, what, fact in sorted(
        ((_received(fact), content_hash(fact.data), _said(fact), fact) for fact in deliveries), key=lambda one: one[:3]
    ):
        if what != last:
            runs.append((fact, received))
            last = what
    for position, (fact, received) in enumerate(runs):
        replaced = runs[position + 1][1] if position + 1 < len(runs) else None
        if replaced != received:
            yield _version(fact, received, replaced, floor, dates)


def _said(fact: Fact) -> bytes:
    """All that a delivery says, but for when it arrived."""
    return encode(msgspec.structs.replace(fact, received_at=None))


class _Dates:
    """Local dates of instants: neighbours fall on the same day."""

    def __init__(self, floor: Floor) -> None:
        self._zone = floor.zone
        self._starts = self._ends = datetime.min.replace(tzinfo=UTC)
        self._date = Date.min

    def of(self, instant: datetime) -> Date:
        """
        Args:
            instant: in UTC.
        """
        if not self._starts <= instant < self._ends:
            self._date = date_of(instant, self._zone)
            self._starts = local_instant(self._date, Time(), self._zone)
            self._ends = local_instant(self._date + timedelta(days=1), Time(), self._zone)
        return self._date


def _version(fact: Fact, received: datetime, replaced: datetime | None, floor: Floor, dates: _Dates) -> Version:
    # One time zone for all: instants of the same zone compare without asking for offsets.
    time, received = fact.time.astimezone(UTC), received.astimezone(UTC)
    at = received if time > received and time > received + CLAMP else time
    agent = fact.agent
    if agent is None and fact.identity is not None:
        agent = floor.agent_by_identity.get((fact.source, fact.identity))
    elif agent not in floor.agent_by_id:
        agent = None
    return Version(
        fact.id, fact.type, fact.source, fact.line, agent, fact.identity, at, dates.of(at), received,
        replaced and replaced.astimezone(UTC),
        fact.data,
    )  # fmt: skip

"""One call that two systems report (a PBX, and the CRM it is joined to) is one fact: whichever says it first (ADR 0011).

An agent cannot be on two calls at once. Two reports of different sources are the same call when agent and direction
are the same, neither names another customer, and their times agree as far as systems tell them: some do not tell how
long it rang, and begin with the answer or end with the talk alone.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.facts import CALL, CallEnded
from services.ingest.storage import facts
from services.ingest.storage.facts import Candidate

TOLERANCE: Final = timedelta(seconds=10)
"""Of clocks that are not set, where both tell beginning and end."""
SLACK: Final = timedelta(seconds=3)
"""Of clocks that are, and of whole seconds."""
RINGING: Final = timedelta(seconds=60)
"""A call that is answered at all rings no longer."""
FAR: Final = timedelta(minutes=15)
"""Ends of reports of one call lie no further apart, whatever a queue or a menu took."""

_LOCK = """
SELECT pg_advisory_xact_lock(k) FROM (
  SELECT DISTINCT hashtextextended('calls of ' || a, 0) AS k FROM unnest($1::text[]) AS r(a) ORDER BY 1
) AS keys
"""
_NEAR = """
SELECT DISTINCT f.event_id::text, f.source, f.agent, f.direction, f.customer,
       (f.data->>'started_at')::timestamptz, f.occurred_at, f.talk_s
FROM unnest($1::text[], $2::date[], $3::timestamptz[], $6::text[]) AS r(agent, day, ended, source)
JOIN facts AS f ON f.agent = r.agent AND f.day = r.day AND f.type = $4 AND f.source <> r.source
               AND f.occurred_at BETWEEN r.ended - $5::interval AND r.ended + $5::interval
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One call as one source tells it."""

    event: str
    source: str
    agent: str
    direction: str
    customer: str | None
    started_at: datetime
    ended_at: datetime
    talk_s: float

    def is_also(self, other: "Report") -> bool:
        return (
            self.source != other.source
            and (self.agent, self.direction) == (other.agent, other.direction)
            and (self.customer is None or other.customer is None or self.customer == other.customer)
            and (
                self._begins_and_ends_with(other) or self._within(other) or other._within(self) or self._to_whom(other)
            )
        )

    def _begins_and_ends_with(self, other: "Report") -> bool:
        return abs(self.started_at - other.started_at) <= TOLERANCE and abs(self.ended_at - other.ended_at) <= TOLERANCE

    def _within(self, other: "Report") -> bool:
        return self.started_at >= other.started_at - SLACK and self.ended_at <= other.ended_at + SLACK

    def _to_whom(self, other: "Report") -> bool:
        """With the same customer, known to both: at one time, or talking as long where both leave out the ringing."""
        if self.customer is None or other.customer is None:
            return False
        overlap = max(self.started_at, other.started_at) <= min(self.ended_at, other.ended_at) + SLACK
        talk_alike = min(self.talk_s, other.talk_s) > 0 and abs(self.talk_s - other.talk_s) <= SLACK.total_seconds()
        return overlap or (talk_alike and abs(self.started_at - other.started_at) <= RINGING)


async def without_known(
    connection: Any, candidates: Sequence[Candidate], agents: Collection[str], now: datetime
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """(what is to be stored, calls that another source has told with its name), inside the parser's transaction.

    *agents*: whose calls may come from several sources; the others' candidates pass unseen. A fact of a call that was
    not recognised while only a part of it was told is withdrawn.
    """
    looked_at = [(candidate, report) for candidate in candidates if (report := _report(candidate)) is not None]
    looked_at = [(candidate, report) for candidate, report in looked_at if report.agent in agents]
    if not looked_at:
        return list(candidates), []
    await connection.execute(_LOCK, [report.agent for _, report in looked_at])
    days: list[date] = [candidate.stamped.day for candidate, _ in looked_at]
    near = await connection.fetch(
        _NEAR,
        [report.agent for _, report in looked_at],
        days,
        [report.ended_at for _, report in looked_at],
        CALL,
        FAR,
        [report.source for _, report in looked_at],
    )
    known: dict[str, dict[str, Report]] = defaultdict(dict)
    for row in near:
        known[row[2]][row[0]] = Report(*row)
    elsewhere: dict[str, str] = {}
    for _, report in looked_at:
        own = known[report.agent]
        same = next((other for other in own.values() if report.is_also(other)), None)
        if same is None:
            own[report.event] = report
        else:
            elsewhere[report.event] = same.source
            own.pop(report.event, None)
    await facts.retract(connection, list(elsewhere), now)
    told = [(candidate, elsewhere.get(candidate.stamped.fact.id)) for candidate in candidates]
    return [one for one, source in told if source is None], [
        (one, source) for one, source in told if source is not None
    ]


def _report(candidate: Candidate) -> Report | None:
    fact = candidate.stamped.fact
    call = fact.data
    if not isinstance(call, CallEnded) or fact.agent is None:
        return None
    return Report(
        fact.id, fact.source, fact.agent, call.direction, call.customer, call.started_at, fact.time, float(call.talk_s)
    )

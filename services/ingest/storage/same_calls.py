"""One call that two systems report (a PBX, and the CRM it is joined to) is one fact: whichever says it first (ADR 0011).

An agent cannot be on two calls at once. Two reports of different sources are the same call when agent and direction
are the same, both begin and end within TOLERANCE, and neither names another customer.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from schemas.facts import CALL, CallEnded
from services.ingest.storage.facts import Candidate

TOLERANCE: Final = timedelta(seconds=10)

_LOCK = """
SELECT pg_advisory_xact_lock(k) FROM (
  SELECT DISTINCT hashtextextended('calls of ' || a, 0) AS k FROM unnest($1::text[]) AS r(a) ORDER BY 1
) AS keys
"""
_NEAR = """
SELECT DISTINCT f.event_id::text, f.source, f.agent, f.direction, f.customer,
       (f.data->>'started_at')::timestamptz, f.occurred_at
FROM unnest($1::text[], $2::date[], $3::timestamptz[]) AS r(agent, day, ended)
JOIN facts AS f ON f.agent = r.agent AND f.day = r.day AND f.type = $4
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

    def is_also(self, other: "Report") -> bool:
        return (
            self.source != other.source
            and (self.agent, self.direction) == (other.agent, other.direction)
            and (self.customer is None or other.customer is None or self.customer == other.customer)
            and abs(self.started_at - other.started_at) <= TOLERANCE
            and abs(self.ended_at - other.ended_at) <= TOLERANCE
        )


async def without_known(
    connection: Any, candidates: Sequence[Candidate], agents: Collection[str]
) -> tuple[list[Candidate], list[tuple[Candidate, str]]]:
    """(what is to be stored, calls that another source has told with its name), inside the parser's transaction.

    *agents*: whose calls may come from several sources; the others' candidates pass unseen.
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
        TOLERANCE,
    )
    known = {row[0]: Report(*row) for row in near}
    elsewhere: dict[int, str] = {}
    for candidate, report in looked_at:
        if report.event in known:
            continue  # its own earlier telling: a duplicate or a revision
        same = next((other for other in known.values() if report.is_also(other)), None)
        if same is None:
            known[report.event] = report
        else:
            elsewhere[id(candidate)] = same.source
    kept = [candidate for candidate in candidates if id(candidate) not in elsewhere]
    return kept, [(candidate, elsewhere[id(candidate)]) for candidate in candidates if id(candidate) in elsewhere]


def _report(candidate: Candidate) -> Report | None:
    fact = candidate.stamped.fact
    call = fact.data
    if not isinstance(call, CallEnded) or fact.agent is None:
        return None
    return Report(fact.id, fact.source, fact.agent, call.direction, call.customer, call.started_at, fact.time)

"""Steps of the funnel in SQL: rules.funnel.steps_of, for rows ``f`` of facts and limits ``b`` of the agent's team."""

from collections.abc import Mapping

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.steps import STEPS, Step
from services.rules.funnel import Thresholds

_ATTEMPT = (
    f"f.type = '{CALL}' AND (f.direction = 'outbound' "
    "OR (f.direction = 'inbound' AND f.disposition = 'answered' AND b.inbound))"
)
CONDITIONS: Mapping[Step, str] = {
    "calls": _ATTEMPT,
    "answered": f"{_ATTEMPT} AND f.disposition = 'answered'",
    "long_calls": f"{_ATTEMPT} AND f.disposition = 'answered' AND f.talk_s >= b.long_s",
    "presentations": f"f.type = '{PRESENTATION}'",
    "invoices": f"f.type = '{INVOICE}'",
    "payments": f"f.type = '{PAYMENT}'",
}
SHORT = f"{_ATTEMPT} AND f.disposition = 'answered' AND f.talk_s < b.short_s"

LIMITS = "unnest($1::text[], $2::float8[], $3::float8[], $4::bool[]) AS b(agent, long_s, short_s, inbound)"
"""First four parameters of every counting query: see ``limits``."""


def counts(prefix: str = "", also: str = "") -> str:
    """One column a step, named *prefix* + step; *also* is a further condition."""
    more = f" AND {also}" if also else ""
    return ", ".join(f"count(*) FILTER (WHERE {CONDITIONS[step]}{more})::int AS {prefix}{step}" for step in STEPS)


def limits(by_agent: Mapping[str, Thresholds]) -> tuple[list[str], list[float], list[float], list[bool]]:
    return (
        list(by_agent),
        [float(by.long_s) for by in by_agent.values()],
        [float(by.short_s) for by in by_agent.values()],
        [by.count_inbound for by in by_agent.values()],
    )

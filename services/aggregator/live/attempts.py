"""An outbound attempt, as line_failure folds it: from a live fact or from a row of ``facts``."""

from datetime import datetime

from schemas.facts import CallEnded, Disposition, Fact
from schemas.floor.outages import CauseTable
from services.rules.causes import is_network_failure
from services.rules.detectors.line_failure import Attempt


def attempt(
    at: datetime,
    agent: str | None,
    customer: str | None,
    disposition: Disposition,
    sip: int | None,
    q850: int | None,
    call_id: str,
    causes: CauseTable,
) -> Attempt:
    code = f"SIP {sip}" if sip else f"Q.850 {q850}" if q850 else ""
    failed = is_network_failure(disposition, sip, q850, causes)
    return Attempt(at, agent, customer, failed, code, call_id, disposition)


def attempt_of(fact: Fact, causes: CauseTable) -> Attempt | None:
    """None for everything but outbound calls."""
    call = fact.data
    if not isinstance(call, CallEnded) or call.direction != "outbound":
        return None
    return attempt(
        fact.time, call.agent, call.customer, call.disposition, call.sip_status, call.q850, call.call_id, causes
    )

"""Wazo's call log, by the tenant's event and the user's: the default body of webhookd (wazo §1–4)."""

import json
from typing import Any

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """Both events: a receiver that counts each of them counts double."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    log = _log(call, name_of(fact))
    user = {name: value for name, value in log.items() if name != "tags"}
    return (
        account.post("wazo call_log_created", json.dumps(log).encode(), JSON),
        account.post("wazo call_log_user_created", json.dumps(user).encode(), JSON),
    )


def _log(call: CallEnded, name: str) -> dict[str, Any]:
    number, ours = phone_number(call.customer), (call.line or "").partition("/")[2] or None
    inbound = call.direction == "inbound"
    duration = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else None
    status = {"answered": "answered", "voicemail": "voicemail"}.get(call.disposition, "unknown")
    return {
        "id": name,
        "tenant_uuid": "00000000-0000-4000-8000-000000000001",
        "start": call.started_at.isoformat(),
        "answer": call.answered_at.isoformat() if call.answered_at else None,
        "end": call.ended_at.isoformat(),
        "answered": call.answered_at is not None,
        "duration": duration,
        "call_direction": call.direction,
        "call_status": status,
        "conversation_id": f"{call.started_at.timestamp():.0f}.1",
        "source_extension": number if inbound else call.identity,
        "source_internal_extension": None if inbound else call.identity,
        "source_name": None,
        "requested_extension": ours if inbound else number,
        "requested_internal_extension": call.identity if inbound else None,
        "destination_extension": call.identity if inbound else number,
        "destination_internal_extension": call.identity if inbound else None,
        "destination_details": {"type": "user" if inbound else "unknown"},
        "recordings": [],
        "tags": [],
    }

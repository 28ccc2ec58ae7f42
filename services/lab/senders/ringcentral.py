"""RingCentral's telephony session notifications, one per state of a party, with the subscription's token (ringcentral §1–4)."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

REASONS: Final = {
    "no_answer": "NoAnswer",
    "busy": "TargetBusy",
    "rejected": "Rejected",
    "canceled": "Cancelled",
    "congestion": "InternalError",
    "failed": "InvalidNumber",
}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The agent's own party calls out, the other party is the customer's; both end."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    states: list[tuple[datetime, int, str, str | None]]
    states = [(call.started_at, 1, "Setup", None), (call.started_at, 2, "Proceeding", None)]
    if call.answered_at:
        states += [(call.answered_at, 2, "Answered", None), (call.answered_at, 1, "Answered", None)]
    reason = None if call.answered_at else REASONS.get(call.disposition, "NoAnswer")
    states += [(call.ended_at, 1, "Disconnected", None), (call.ended_at, 2, "Disconnected", reason)]
    return tuple(
        _notification(account, call, name_of(fact), sequence, *state) for sequence, state in enumerate(states, 2)
    )


def _notification(
    account: Account, call: CallEnded, name: str, sequence: int, at: datetime, party: int, code: str, reason: str | None
) -> Outgoing:
    number = int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)
    body = {
        "uuid": str(number + sequence),
        "event": "/restapi/v1.0/account/400100/telephony/sessions",
        "timestamp": _iso(at),
        "subscriptionId": "5c5c5c5c-0000-4000-8000-000000000001",
        "ownerId": "400100",
        "body": {
            "sequence": sequence,
            "sessionId": str(number),
            "telephonySessionId": name,
            "serverId": "192.0.2.28.TAM",
            "eventTime": _iso(at),
            "parties": [_party(call, name, party, code, reason)],
            "origin": {"type": "Call"},
        },
    }
    request = account.post(f"ringcentral {code}", json.dumps(body).encode(), JSON)
    return account.with_headers(request, {"validation-token": account.secrets["validation_token"]})


def _party(call: CallEnded, name: str, number: int, code: str, reason: str | None) -> dict[str, Any]:
    ours = number == 1
    return {
        "accountId": "400100",
        **({"extensionId": call.identity} if ours else {}),
        "id": f"p-{name}-{number}",
        "direction": "Outbound" if ours else "Inbound",
        "to": {"phoneNumber": f"+{phone_number(call.customer)}"},
        "from": {"phoneNumber": (call.line or "").partition("/")[2], "extensionId": call.identity},
        "status": {"code": code, **({"reason": reason} if reason else {}), "rcc": False},
        "park": {},
        "missedCall": False,
        "standAlone": False,
        "muted": False,
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

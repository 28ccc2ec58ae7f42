"""3CX: what our template posts when a call ends; a bearer token where the source has one (3cx §1–4)."""

import json
from datetime import UTC, datetime
from typing import Final

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number

FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
TYPES: Final = {
    ("outbound", True): "Outbound",
    ("outbound", False): "Notanswered",
    ("inbound", True): "Inbound",
    ("inbound", False): "Missed",
}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """No call is named: 3CX has no variable for it. Internal calls are not journaled."""
    call = fact.data
    if not isinstance(call, CallEnded) or call.direction == "internal":
        return ()
    seconds = int(call.talk_s)
    report = {
        "callType": TYPES[call.direction, call.answered_at is not None],
        "callDirection": call.direction.capitalize(),
        "number": f"+{phone_number(call.customer)}",
        "agent": call.identity or "",
        "agentEmail": "",
        "queueExtension": "",
        "duration": f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}",
        "durationSeconds": str(seconds),
        "startTimeUtc": _printed(call.started_at),
        "endTimeUtc": _printed(call.ended_at),
        "recordingUrl": "",
    }
    request = account.post("3cx ReportCall", json.dumps(report).encode(), JSON)
    token = account.secrets.get("bearer")
    return (account.with_headers(request, {"authorization": f"Bearer {token}"}) if token else request,)


def _printed(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime(FORMAT)

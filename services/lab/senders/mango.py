"""Mango Office: the event in the path, a form of key, sign and json (providers' notes, mango §1–4)."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import FORM, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

NORMAL, BY_CALLER, BY_CALLED, BUSY = 1100, 1110, 1120, 1121
REASONS: Final = {"busy": BUSY, "rejected": BY_CALLED, "canceled": BY_CALLER}
"""Of calls nobody answered; the codes seen in samples. A fault of the network has none that is known."""
DIRECTIONS: Final = {"internal": 0, "inbound": 1, "outbound": 2}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The summary of the call, and for a longer talk the recording's event, which is nothing to count."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    summary = signed(account, "events/summary", _summary(call, name))
    if call.talk_s < 60:
        return (summary,)
    recording = {
        "entry_id": name,
        "recording_id": f"rec-{name}",
        "recording_state": "Completed",
        "timestamp": _second(call.ended_at),
    }
    return summary, signed(account, "events/recording", recording)


def signed(account: Account, event: str, message: Any) -> Outgoing:
    """*message* as Mango posts it: sign = hex SHA-256 of key + json text + salt."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    key, salt = account.secrets["api_key"], account.secrets["salt"]
    sign = hashlib.sha256((key + text + salt).encode()).hexdigest()
    body = urlencode({"vpbx_api_key": key, "sign": sign, "json": text}).encode()
    return account.post(f"mango {event}", body, FORM, event)


def _summary(call: CallEnded, name: str) -> dict[str, Any]:
    agent: dict[str, str] = {"extension": call.identity or ""}
    customer = {"number": phone_number(call.customer)}
    if call.direction == "outbound":
        agent["number"] = f"sip:user{call.identity}@vpbx400000000.mangosip.ru"
        parties = {"from": agent, "to": customer}
    else:
        parties = {"from": customer, "to": agent}
    return {
        "entry_id": name,
        "call_direction": DIRECTIONS[call.direction],
        **parties,
        "line_number": (call.line or "").partition("/")[2],
        "create_time": _second(call.started_at),
        "forward_time": _second(call.started_at),
        "talk_time": _second(call.answered_at) if call.answered_at else 0,
        "end_time": _second(call.ended_at),
        "entry_result": 1 if call.answered_at else 0,
        "disconnect_reason": _reason(call),
    }


def _reason(call: CallEnded) -> int:
    if call.answered_at is None:
        return REASONS.get(call.disposition, NORMAL)
    agent_called = call.direction == "outbound"
    return BY_CALLER if (call.hangup_by == "agent") == agent_called else BY_CALLED


def _second(instant: datetime) -> int:
    return int(instant.timestamp())

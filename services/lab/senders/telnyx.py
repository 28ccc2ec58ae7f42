"""Telnyx Call Control: initiated, answered and hang-up of one leg, signed with Ed25519 (telnyx §1–4).

The secret of a floor file is only the *public* key. The lab signs with a key of its own, the same in every lab: give
``PUBLIC_KEY`` to a floor that it shall feed.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

_LAB_KEY: Final = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"srez lab, telnyx").digest())
PUBLIC_KEY: Final = base64.b64encode(_LAB_KEY.public_key().public_bytes_raw()).decode()
CAUSES: Final = {
    "answered": ("normal_clearing", "200"),
    "no_answer": ("timeout", "487"),
    "busy": ("user_busy", "486"),
    "rejected": ("call_rejected", "603"),
    "canceled": ("originator_cancel", "487"),
}
SOURCES: Final = {"agent": "caller", "customer": "callee"}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The events of an outbound call's leg; the application has put the agent into client_state."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    cause, sip = CAUSES.get(call.disposition, ("unspecified", str(call.sip_status or 503)))
    events: list[tuple[str, datetime, dict[str, Any]]] = [
        ("call.initiated", call.started_at, {"direction": "outgoing", "state": "bridging"}),
    ]
    if call.answered_at:
        events.append(("call.answered", call.answered_at, {}))
    ending = {
        "start_time": _iso(call.started_at),
        "end_time": _iso(call.ended_at),
        "hangup_cause": cause,
        "hangup_source": SOURCES.get(call.hangup_by or "", "unknown"),
        "sip_hangup_cause": sip,
    }
    events.append(("call.hangup", call.ended_at, ending))
    return tuple(_event(account, kind, at, {**_leg(call, name), **more}) for kind, at, more in events)


def signature(timestamp: int, body: bytes) -> str:
    """Base64 Ed25519 over ``timestamp|body``."""
    return base64.b64encode(_LAB_KEY.sign(f"{timestamp}|".encode() + body)).decode()


def _event(account: Account, kind: str, at: datetime, payload: dict[str, Any]) -> Outgoing:
    event = {
        "record_type": "event",
        "event_type": kind,
        "id": str(uuid5(NAMESPACE_URL, f"{payload['call_leg_id']}:{kind}")),
        "occurred_at": _iso(at),
        "payload": payload,
    }
    body = json.dumps({"data": event, "meta": {"attempt": 1}}).encode()

    def signed(now: float) -> Mapping[str, str]:
        return {"telnyx-timestamp": str(int(now)), "telnyx-signature-ed25519": signature(int(now), body)}

    return replace(account.post(f"telnyx {kind}", body, JSON), sign=signed)


def _leg(call: CallEnded, name: str) -> dict[str, Any]:
    state = base64.b64encode(json.dumps({"agent": call.identity}).encode()).decode()
    return {
        "call_control_id": f"v3:{name}",
        "call_leg_id": f"leg-{name}",
        "call_session_id": name,
        "client_state": state,
        "connection_id": (call.line or "").partition("/")[2],
        "from": "+15550100099",
        "to": f"+{phone_number(call.customer)}",
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")

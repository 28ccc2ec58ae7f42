"""Aircall: call.hungup at once and call.ended after it, the token in the body (aircall §1–4)."""

import json
from datetime import datetime
from typing import Any, Final

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

ASSETS_LATER_S: Final = 30
REASON: Final = "agents_did_not_answer"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    ended = _second(call.ended_at)
    return (
        _event(account, "call.hungup", ended, _call(call, name_of(fact))),
        _event(account, "call.ended", ended + ASSETS_LATER_S, _call(call, name_of(fact))),
    )


def _event(account: Account, kind: str, at: int, data: dict[str, Any]) -> Outgoing:
    token = account.secrets.get("token", "")
    message = {"resource": "call", "event": kind, "timestamp": at, "token": token, "data": data}
    return account.post(f"aircall {kind}", json.dumps(message).encode(), JSON)


def _call(call: CallEnded, name: str) -> dict[str, Any]:
    started, ended = _second(call.started_at), _second(call.ended_at)
    missed = call.answered_at is None and call.direction == "inbound"
    number = phone_number(call.customer)
    return {
        "id": name,
        "direct_link": f"https://api.aircall.io/v1/calls/{name}",
        "direction": call.direction,
        "status": "done",
        "missed_call_reason": REASON if missed else None,
        "started_at": started,
        "answered_at": _second(call.answered_at) if call.answered_at else None,
        "ended_at": ended,
        "duration": ended - started,
        "cost": "0.0",
        "hangup_cause": None,
        "voicemail": None,
        "recording": None,
        "asset": None,
        "raw_digits": f"+{number[0]} {number[1:4]} {number[4:7]} {number[7:]}",
        "user": {"id": call.identity, "name": f"Agent {call.identity}", "email": f"{call.identity}@example.ru"},
        "number": {"id": 1, "name": "Sales", "digits": (call.line or "").partition("/")[2] or None},
        "comments": [],
        "tags": [],
    }


def _second(instant: datetime) -> int:
    return int(instant.timestamp())

"""Vonage Voice event webhooks of one outbound leg, signed with a JWT that hashes the body (vonage §1–4)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, uuid5

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

STATUSES: Final = {
    "answered": "completed",
    "no_answer": "unanswered",
    "busy": "busy",
    "canceled": "cancelled",
    "rejected": "rejected",
}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """started, answered (its start_time still empty), and the status that ended the leg."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    events: list[dict[str, Any]] = [{"status": "started", "timestamp": _iso(call.started_at)}]
    ending: dict[str, Any] = {
        "status": STATUSES.get(call.disposition, "failed"),
        "timestamp": _iso(call.ended_at),
    }
    if call.answered_at:
        blank = {"start_time": "", "rate": "", "network": ""}
        events.append({"status": "answered", "timestamp": _iso(call.answered_at), **blank})
        ending |= {
            "start_time": _iso(call.answered_at),
            "end_time": _iso(call.ended_at),
            "duration": str(int((call.ended_at - call.answered_at).total_seconds())),
            "rate": "0.01270000",
            "price": "0.02540000",
            "network": "25001",
        }
    return tuple(_event(account, {**_leg(call, name), **event}, call.identity) for event in [*events, ending])


def token(secret: str, body: bytes, issued: int, name: str) -> str:
    """A JWT, HS256, as Vonage makes it."""
    claims = {
        "iat": issued,
        "jti": str(uuid5(NAMESPACE_URL, f"{name}:{issued}")),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d4",
        "application_id": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    }
    signed = ".".join(_packed(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims))
    return f"{signed}.{_packed(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def _event(account: Account, event: dict[str, Any], identity: str | None) -> Outgoing:
    """The application gave every call an event URL that names the agent, as the floor file says."""
    body = json.dumps(event).encode()
    secret = account.secrets["signature_secret"]
    named = account.source.fields.identity
    query = urlencode({named: identity or ""}) if named else ""

    def signed(now: float) -> Mapping[str, str]:
        return {"authorization": f"Bearer {token(secret, body, int(now), event['uuid'])}"}

    return replace(account.post(f"vonage {event['status']}", body, JSON, query=query), sign=signed)


def _leg(call: CallEnded, name: str) -> dict[str, Any]:
    return {
        "from": (call.line or "").partition("/")[2],
        "to": phone_number(call.customer),
        "uuid": str(uuid5(NAMESPACE_URL, name)),
        "conversation_uuid": name,
        "direction": "outbound",
    }


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

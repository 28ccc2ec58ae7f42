"""Zadarma: the events of a call as forms, each signed over its own fields (providers' notes, zadarma §1–4).

Neither ringing nor the end is told: a call starts, and ``duration`` is the talk.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

ACCOUNT_ZONE: Final = "Europe/Moscow"
DISPOSITIONS: Final = {
    "answered": "answered",
    "no_answer": "no answer",
    "busy": "busy",
    "canceled": "cancel",
    "rejected": "busy",
    "failed": "failed",
    "congestion": "line limit",
    "voicemail": "answered",
}
SIGNED: Final = {
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
    "NOTIFY_OUT_START": ("internal", "destination", "call_start"),
    "NOTIFY_OUT_END": ("internal", "destination", "call_start"),
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
}
"""Events that do not sign caller_id + called_did + call_start."""


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The end of the call; of an incoming one who rang before it; of a longer talk the recording's event after it."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    zone = ZoneInfo(account.source.timezone or ACCOUNT_ZONE)
    number, customer = (call.line or "").partition("/")[2], phone_number(call.customer)
    common = {"call_start": _local(call.started_at, zone), "pbx_call_id": name}
    recorded = call.talk_s >= 60
    recording = f"{int(call.started_at.timestamp())}.{int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)}"
    result = {
        "duration": str(int(call.talk_s)),
        "disposition": DISPOSITIONS[call.disposition],
        "status_code": str(call.q850 or 16),
        "is_recorded": str(int(recorded)),
        "call_id_with_rec": recording if recorded else "",
    }
    extension = call.identity or ""
    if call.direction == "inbound":
        parties = {"caller_id": customer, "called_did": number}
        answered_by = extension if call.answered_at else ""
        events = [
            signed(account, {"event": "NOTIFY_INTERNAL", **common, **parties, "internal": extension}),
            signed(account, {"event": "NOTIFY_END", **common, **parties, "internal": answered_by, **result}),
        ]
    else:
        parties = {"caller_id": number or "0", "destination": customer, "internal": extension}
        events = [signed(account, {"event": "NOTIFY_OUT_END", **common, **parties, **result})]
    if recorded:
        record = {"event": "NOTIFY_RECORD", "pbx_call_id": name, "call_id_with_rec": recording}
        events.append(signed(account, record))
    return tuple(events)


def signed(account: Account, fields: Mapping[str, str]) -> Outgoing:
    """*fields* as Zadarma posts them."""
    names = SIGNED.get(fields["event"], ("caller_id", "called_did", "call_start"))
    text = "".join(fields[name] for name in names)
    request = account.form(f"zadarma {fields['event']}", fields)
    return account.with_headers(request, {"signature": signature(account.secrets["api_secret"], text)})


def signature(secret: str, text: str) -> str:
    """Base64 of the hex text of HMAC-SHA1."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest().encode()).decode()


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

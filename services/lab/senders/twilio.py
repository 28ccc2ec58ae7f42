"""Twilio voice status callbacks: the agent's leg and the dialled leg, signed over URL and parameters (twilio §1–4)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

STATUSES: Final = {"answered": "completed", "no_answer": "no-answer", "busy": "busy", "canceled": "canceled"}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The child leg (the customer), then its parent (the agent's client)."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    parent = name_of(fact)
    child = "CA" + hashlib.md5(parent.encode(), usedforsecurity=False).hexdigest()
    number = (call.line or "").partition("/")[2]
    customer = f"+{phone_number(call.customer)}"
    whole = int((call.ended_at - call.started_at).total_seconds())
    answered = call.disposition == "answered"
    dialled = {
        "CallSid": child,
        "ParentCallSid": parent,
        "Direction": "outbound-dial",
        "From": number,
        "To": customer,
        "CallStatus": STATUSES.get(call.disposition, "failed"),
        **({"CallDuration": str(int(call.talk_s)), "Duration": _minutes(call.talk_s)} if answered else {}),
        "SipResponseCode": str(call.sip_status or 200),
    }
    placed = {
        "CallSid": parent,
        "Direction": "inbound",
        "From": f"client:{call.identity}",
        "To": customer,
        "CallStatus": "completed",
        "CallDuration": str(whole),
        "Duration": _minutes(whole),
    }
    return _callback(account, dialled, call.ended_at), _callback(account, placed, call.ended_at)


def _callback(account: Account, fields: Mapping[str, str], at: datetime) -> Outgoing:
    parameters = {
        **fields,
        "AccountSid": "AC00000000000000000000000000000000",
        "ApiVersion": "2010-04-01",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": "3",
        "Timestamp": format_datetime(at),
    }
    request = account.form("twilio status", parameters)
    url = account.source.public_url or f"{account.base_url}{request.path}"
    return account.with_headers(
        request, {"x-twilio-signature": signature(account.secrets["auth_token"], url, parameters)}
    )


def signature(token: str, url: str, parameters: Mapping[str, str]) -> str:
    """Base64 HMAC-SHA1 of the URL followed by every name and value, sorted by name."""
    text = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _minutes(seconds: float) -> str:
    return str(-(-int(seconds) // 60))

"""Plivo's hang-up callback: a form in the account's zone, signed over URL and parameters (plivo §1–4)."""

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

ZONE: Final = ZoneInfo("Asia/Kolkata")
ENDINGS: Final = {
    "answered": ("completed", "NORMAL_CLEARING", "4000", "Normal Hangup"),
    "no_answer": ("no-answer", "NO_ANSWER", "6010", "Ring Timeout"),
    "busy": ("busy", "USER_BUSY", "3010", "Busy Line"),
    "rejected": ("rejected", "CALL_REJECTED", "3020", "Rejected"),
    "canceled": ("cancel", "ORIGINATOR_CANCEL", "1000", "Cancelled"),
}
FAILED: Final = ("failed", "NORMAL_TEMPORARY_FAILURE", "0", "Unknown")
SOURCES: Final = {"agent": "Caller", "customer": "Callee", "system": "Plivo"}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """One post at the end. The agent is a parameter of the site's own, where the floor file says."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    status, cause, code, text = ENDINGS.get(call.disposition, FAILED)
    parameters = {
        **dict.fromkeys(("ALegRequestUUID", "ALegUUID", "CallUUID", "RequestUUID"), name),
        "AnswerTime": _local(call.answered_at) if call.answered_at else "",
        "BillDuration": str(-(-int(call.talk_s) // 60) * 60),
        "BillRate": "0.005",
        "CallStatus": status,
        "Direction": "outbound",
        "Duration": str(int(call.talk_s)),
        "EndTime": _local(call.ended_at),
        "Event": "Hangup",
        "From": (call.line or "").partition("/")[2],
        "HangupCause": cause,
        "HangupCauseCode": code,
        "HangupCauseName": text,
        "HangupSource": SOURCES.get(call.hangup_by or "", "Unknown"),
        "SessionStart": call.started_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "StartTime": _local(call.started_at),
        "To": phone_number(call.customer),
        "TotalCost": "0.01000",
        account.source.fields.identity or "Agent": call.identity or "",
    }
    request = account.form("plivo hangup", parameters)
    url = account.source.public_url or f"{account.base_url}{request.path}"
    nonce = hashlib.sha256(name.encode()).hexdigest()[:20]
    signed = signature(account.secrets["auth_token"], url, parameters, nonce)
    headers = {"x-plivo-signature-v3": signed, "x-plivo-signature-v3-nonce": nonce}
    return (account.with_headers(request, headers),)


def signature(token: str, url: str, parameters: Mapping[str, str], nonce: str) -> str:
    """V3 of a post whose URL has no query."""
    text = f"{url}?" + "".join(name + parameters[name] for name in sorted(parameters)) + f".{nonce}"
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S")

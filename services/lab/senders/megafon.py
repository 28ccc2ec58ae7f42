"""MegaFon's virtual PBX: an event, then the history of the call, as forms with the token (providers' notes, megafon §1–4)."""

from datetime import UTC
from typing import Final

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

STATUSES: Final = {
    "answered": "Success",
    "no_answer": "NotAvailable",
    "busy": "Busy",
    "canceled": "Cancel",
    "rejected": "Busy",
    "failed": "NotAllowed",
    "congestion": "NotAvailable",
    "voicemail": "Success",
}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The event that it rings or is dialled, and the history. ``duration`` is the whole call, ``wait`` its ringing."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    inbound = call.direction == "inbound"
    way = "in" if inbound else "out"
    common = {
        "callid": name_of(fact),
        "crm_token": account.secrets.get("crm_token", ""),
        "phone": f"+{phone_number(call.customer)}",
        "user": call.identity or "",
        "diversion": (call.line or "").partition("/")[2],
    }
    status = "missed" if inbound and not call.answered_at else STATUSES[call.disposition]
    history = {
        "cmd": "history",
        "type": way,
        "status": status,
        **common,
        "start": call.started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "duration": str(int((call.ended_at - call.started_at).total_seconds())),
        "wait": str(int(((call.answered_at or call.ended_at) - call.started_at).total_seconds())),
    }
    if call.talk_s >= 60:
        history["link"] = f"https://records.example/{common['callid']}.mp3"
    event = {"cmd": "event", "type": "INCOMING" if inbound else "OUTGOING", **common, "direction": way}
    return account.form("megafon event", event), account.form("megafon history", history)

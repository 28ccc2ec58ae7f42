"""Authentic requests that are no facts: each is accepted by a good receiver, kept, and shown as rejected or ignored."""

from dataclasses import replace
from datetime import datetime

from services.lab.senders import generic, hubspot, mango, salesforce
from services.lab.senders.account import FORM, JSON, Account, Outgoing
from services.lab.simulate.delivery import OddKind

BROKEN = '{"entry_id":"MTYx","call_dire'
UNKNOWN = '{"event":"moon_phase","phase":"waning"}'
BODIES: dict[OddKind, str] = {
    "garbage": "\x00\x01 это не вебхук %%%",
    "empty": "",
    "truncated": BROKEN,
    "unknown_event": UNKNOWN,
}


def request(kind: OddKind, account: Account, at: datetime) -> Outgoing:
    """*kind* of nonsense as this account's provider would sign it."""
    text = BODIES[kind]
    what = f"odd {kind}"
    match account.source.provider:
        case "mango":
            event = "events/moon" if kind == "unknown_event" else "events/summary"
            sent = mango.signed(account, event, text)
        case "generic":
            sent = generic.signed(account, what, f"odd-{int(at.timestamp())}", text.encode())
        case "hubspot":
            sent = hubspot.signed(account, what, text.encode())
        case "salesforce":  # what is not SOAP names no organization, and is nobody's
            sent = salesforce.message(account, what, kind, "")
        case "freeswitch" | "pipedrive":
            sent = account.post(what, text.encode(), JSON)
        case _:
            sent = account.post(what, text.encode(), FORM)
    return replace(sent, what=what)

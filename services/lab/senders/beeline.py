"""Beeline's XSI events: the start, the answer and the end of the subscribed user's half of a call (beeline §1–4)."""

import hashlib
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

XML: Final = "application/xml"
PERSONALITIES: Final = {"outbound": "Originator", "inbound": "Terminator", "internal": "Originator"}


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """Originated or received, answered where it was, released; the answer's instant stands in both last events."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    begin = "CallReceivedEvent" if call.direction == "inbound" else "CallOriginatedEvent"
    sent = [_event(account, fact, call, begin, "Alerting", 1)]
    if call.answered_at:
        sent.append(_event(account, fact, call, "CallAnsweredEvent", "Active", 2))
    sent.append(_event(account, fact, call, "CallReleasedEvent", "Released", 3))
    return tuple(sent)


def _event(account: Account, fact: Fact, call: CallEnded, kind: str, state: str, number: int) -> Outgoing:
    whole = name_of(fact)
    half = int.from_bytes(hashlib.sha256(whole.encode()).digest()[:4], "big")
    released = kind == "CallReleasedEvent"
    fields = [
        ("callId", f"callhalf-{half}:0"),
        ("extTrackingId", f"{half}:1"),
        ("networkCallId", whole),
        ("personality", PERSONALITIES[call.direction]),
        ("state", state),
        *([("releasingParty", "localRelease" if call.hangup_by == "agent" else "remoteRelease")] if released else []),
    ]
    times = [("startTime", call.started_at)]
    if call.answered_at and kind != "CallOriginatedEvent" and kind != "CallReceivedEvent":
        times.append(("answerTime", call.answered_at))
    if released:
        times.append(("releaseTime", call.ended_at))
    remote = _element("address", f"tel:+{phone_number(call.customer)}") + _element(
        "callType", "Group" if call.direction == "internal" else "Network"
    )
    inner = "".join(_element(name, value) for name, value in fields) + f"<xsi:remoteParty>{remote}</xsi:remoteParty>"
    inner += "".join(_element(name, _milliseconds(instant)) for name, instant in times)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<xsi:Event xsi1:type="xsi:SubscriptionEvent" xmlns:xsi="http://schema.broadsoft.com/xsi"'
        ' xmlns:xsi1="http://www.w3.org/2001/XMLSchema-instance">'
        f"{_element('eventID', f'{whole}-{number}')}{_element('sequenceNumber', str(number))}"
        f"{_element('targetId', call.identity or '')}"
        f'<xsi:eventData xsi1:type="xsi:{kind}"><xsi:call>{inner}</xsi:call></xsi:eventData></xsi:Event>'
    )
    return account.post(f"beeline {kind}", body.encode(), XML)


def _element(name: str, value: str) -> str:
    return f"<xsi:{name}>{escape(value)}</xsi:{name}>"


def _milliseconds(instant: datetime) -> str:
    return str(int(instant.timestamp() * 1000))

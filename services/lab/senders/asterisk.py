"""Asterisk, by an AMI listener that forwards what it hears as JSON: the hang-ups of both channels, then the CDR (asterisk §1–5).

A listener has the PBX's local stamps; where the floor file gives the source no time zone, a dialplan that sends Unix
seconds in a form stands for it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

WORDS: Final[Mapping[str, str]] = {
    "answered": "ANSWERED",
    "busy": "BUSY",
    "failed": "FAILED",
    "rejected": "FAILED",
    "congestion": "CONGESTION",
}
"""A CDR knows no more; the rest is NO ANSWER."""
CAUSES: Final[Mapping[int, str]] = {
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    34: "Circuit/channel congestion",
    38: "Network out of order",
}
UP, RINGING = ("6", "Up"), ("5", "Ringing")


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """Two hang-ups and a CDR, in the order AMI tells them; of a dialplan one form."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name = name_of(fact)
    if account.source.timezone is None:
        return (account.form("asterisk hangup handler", _form(call, name)),)
    events = {"Hangup dialled": _hangup(call, name, dialled=True), "Hangup": _hangup(call, name, dialled=False)}
    events["Cdr"] = _cdr(call, name, account.source.timezone)
    return tuple(account.post(f"asterisk {what}", json.dumps(event).encode(), JSON) for what, event in events.items())


def _channels(call: CallEnded, name: str) -> tuple[str, str]:
    """The caller's and the dialled channel: the agent's extension and the trunk, as the direction has it."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:3], "big") * 2
    agent = f"PJSIP/{call.identity}-{number:08x}"
    if call.direction == "internal":
        return agent, f"PJSIP/299-{number + 1:08x}"
    trunk = f"PJSIP/{(call.line or '').partition('/')[2] or 'trunk'}-{number + 1:08x}"
    return (trunk, agent) if call.direction == "inbound" else (agent, trunk)


def _numbers(call: CallEnded) -> tuple[str, str]:
    agent = call.identity or ""
    if call.direction == "internal":
        return agent, "299"
    customer = phone_number(call.customer)
    return (customer, agent) if call.direction == "inbound" else (agent, customer)


def _cdr(call: CallEnded, name: str, zone: str) -> dict[str, str]:
    def local(instant: datetime | None) -> str:
        return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S") if instant else ""

    caller, called = _numbers(call)
    channel, peer = _channels(call, name)
    return {
        "Event": "Cdr",
        "Privilege": "cdr,all",
        "AccountCode": "",
        "Source": caller,
        "Destination": called,
        "DestinationContext": "from-trunk" if call.direction == "inbound" else "from-internal",
        "CallerID": f'"" <{caller}>',
        "Channel": channel,
        "DestinationChannel": peer,
        "LastApplication": "Dial",
        "LastData": f"{peer.rpartition('-')[0]}/{called},300,Tt",
        "StartTime": local(call.started_at),
        "AnswerTime": local(call.answered_at),
        "EndTime": local(call.ended_at),
        "Duration": str(int((call.ended_at - call.started_at).total_seconds())),
        "BillableSeconds": str(int(call.talk_s)),
        "Disposition": WORDS.get(call.disposition, "NO ANSWER"),
        "AMAFlags": "DOCUMENTATION",
        "UniqueID": name,
        "UserField": "",
        "Linkedid": name,
        "Sequence": "1",
    }


def _hangup(call: CallEnded, name: str, *, dialled: bool) -> dict[str, str]:
    state, said = UP if call.answered_at or not dialled else RINGING
    cause = call.q850 or 16
    tech = {"TechCause": str(call.sip_status)} if dialled and call.sip_status and call.sip_status >= 300 else {}
    caller, called = _numbers(call)
    return {
        "Event": "Hangup",
        "Privilege": "call,all",
        "Timestamp": f"{call.ended_at.timestamp():.6f}",
        "Channel": _channels(call, name)[dialled],
        "ChannelState": state,
        "ChannelStateDesc": said,
        "CallerIDNum": called if dialled else caller,
        "ConnectedLineNum": caller if dialled else called,
        "Exten": "" if dialled else called,
        "Uniqueid": f"{name}-b" if dialled else name,
        "Linkedid": name,
        "Cause": str(cause),
        "Cause-txt": CAUSES.get(cause, "Unknown"),
        **tech,
    }


def _form(call: CallEnded, name: str) -> dict[str, str]:
    caller, called = _numbers(call)
    channel, peer = _channels(call, name)
    return {
        "uniqueid": name,
        "linkedid": name,
        "src": caller,
        "dst": called,
        "channel": channel,
        "dstchannel": peer,
        "lastapp": "Dial",
        "start": str(int(call.started_at.timestamp())),
        "answer": str(int(call.answered_at.timestamp())) if call.answered_at else "",
        "end": str(int(call.ended_at.timestamp())),
        "duration": str(int((call.ended_at - call.started_at).total_seconds())),
        "billsec": str(int(call.talk_s)),
        "disposition": WORDS.get(call.disposition, "NO ANSWER"),
        "dialstatus": "CANCEL" if call.disposition == "canceled" else "",
        "hangupcause": str(call.q850 or 16),
    }

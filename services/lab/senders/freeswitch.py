"""FreeSWITCH mod_json_cdr: one JSON post per leg, variables percent-encoded, ``?uuid=`` appended (freeswitch §1–5).

An agent dialling out is an *inbound* a-leg of the switch; the b-leg goes out by the gateway and carries its answer.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

CAUSES: Final[Mapping[int, str]] = {
    1: "UNALLOCATED_NUMBER",
    16: "NORMAL_CLEARING",
    17: "USER_BUSY",
    19: "NO_ANSWER",
    21: "CALL_REJECTED",
    34: "NORMAL_CIRCUIT_CONGESTION",
    38: "NETWORK_OUT_OF_ORDER",
}
GATEWAY_HOST: Final = "203.0.113.20"
OFFICE: Final = "192.0.2.10"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """Both legs of the call, in either order."""
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    a_leg = name_of(fact)
    digest = hashlib.md5(a_leg.encode(), usedforsecurity=False).digest()
    b_leg = str(UUID(bytes=digest, version=4))
    legs = (
        _post(account, a_leg, _a_leg(call, a_leg, b_leg, account)),
        _post(account, b_leg, _b_leg(call, a_leg, b_leg, account)),
    )
    return legs if digest[0] % 2 else legs[::-1]


def _post(account: Account, uuid: str, cdr: Any) -> Outgoing:
    return account.post("freeswitch cdr", json.dumps(cdr).encode(), JSON, query=f"uuid={uuid}")


def _a_leg(call: CallEnded, uuid: str, other: str, account: Account) -> dict[str, Any]:
    number, extension = phone_number(call.customer), call.identity or ""
    variables = {
        "uuid": uuid,
        "call_uuid": uuid,
        "direction": "inbound",
        "user_name": extension,
        "sip_auth_username": extension,
        "sip_from_user": extension,
        "sip_from_host": OFFICE,
        "sip_authorized": "true",
        "sip_req_user": number,
        "sofia_profile_name": "internal",
        "channel_name": f"sofia/internal/{extension}@{OFFICE}",
        "last_app": "bridge",
        "last_arg": f"sofia/gateway/{_trunk(call)}/{number}",
        "originate_disposition": "SUCCESS" if call.answered_at else _cause(call),
        **(_bridge(other, "originator") if call.answered_at else _failed_bridge(call)),
        **_ending(call, a_leg=True),
        **_times(call, call.started_at),
    }
    _place(variables, account, "identity", extension)
    profile = {"username": extension, "caller_id_number": extension, "ani": extension, "destination_number": number}
    return _cdr(variables, {**profile, "uuid": uuid, "source": "mod_sofia", "context": "default"}, call)


def _b_leg(call: CallEnded, parent: str, uuid: str, account: Account) -> dict[str, Any]:
    number = phone_number(call.customer)
    variables = {
        "uuid": uuid,
        "call_uuid": parent,
        "direction": "outbound",
        "originator": parent,
        "originating_leg_uuid": parent,
        "is_outbound": "true",
        "sip_gateway_name": _trunk(call),
        "sofia_profile_name": "external",
        "channel_name": f"sofia/external/{number}",
        "sip_req_user": number,
        "sip_req_host": GATEWAY_HOST,
        **(_bridge(parent, "originatee") if call.answered_at else {}),
        **_ending(call, a_leg=False),
        **_times(call, call.started_at),
    }
    _place(variables, account, "line", _trunk(call))
    profile = {"caller_id_number": "74950000100", "destination_number": number, "ani": call.identity or ""}
    return _cdr(variables, {**profile, "uuid": uuid, "source": "mod_sofia", "context": "default"}, call)


def _bridge(other: str, role: str) -> dict[str, str]:
    return {"bridge_uuid": other, "signal_bond": other, "last_bridge_role": role}


def _failed_bridge(call: CallEnded) -> dict[str, str]:
    sip = f"sip:{call.sip_status or 480}"
    return {"last_bridge_hangup_cause": _cause(call), "last_bridge_proto_specific_hangup_cause": sip}


def _trunk(call: CallEnded) -> str:
    return (call.line or "").partition("/")[2]


def _place(variables: dict[str, str], account: Account, field: str, value: str) -> None:
    """Where this site's dialplan puts it, as the floor file says."""
    path = getattr(account.source.fields, field)
    if path:
        variables[path.removeprefix("variables.")] = value


def _cause(call: CallEnded) -> str:
    return (
        "ORIGINATOR_CANCEL"
        if call.disposition == "canceled"
        else CAUSES.get(call.q850 or 16, "NORMAL_TEMPORARY_FAILURE")
    )


def _ending(call: CallEnded, *, a_leg: bool) -> dict[str, str]:
    q850 = str(call.q850 or 16)
    agent_ended = call.hangup_by == "agent"
    own = agent_ended == a_leg
    if call.answered_at:
        bye, status = "recv_bye" if own else "send_bye", "200"
    elif call.disposition == "canceled":
        bye, status = "recv_cancel" if a_leg else "send_cancel", "487"
    else:
        bye, status = "send_refuse" if a_leg else "recv_refuse", str(call.sip_status or 480)
    return {
        "hangup_cause": _cause(call),
        "hangup_cause_q850": q850,
        "sip_hangup_disposition": bye,
        "sip_term_status": status,
        "proto_specific_hangup_cause": f"sip:{status}",
        "sip_term_cause": q850,
        "endpoint_disposition": "ANSWER" if call.answered_at else "EARLY MEDIA",
    }


def _times(call: CallEnded, started: datetime) -> dict[str, str]:
    """Epochs in seconds and microseconds and local stamps; never answered is 0. Durations as FreeSWITCH counts them."""
    found: dict[str, str] = {}
    instants = {"start": started, "answer": call.answered_at, "bridge": call.answered_at, "end": call.ended_at}
    for name, instant in instants.items():
        second = int(instant.timestamp()) if instant else 0
        found |= {f"{name}_epoch": str(second), f"{name}_uepoch": str(second * 1_000_000)}
        if instant:
            found[f"{name}_stamp"] = (instant + timedelta(hours=3)).strftime("%Y-%m-%d %H:%M:%S")
    whole, talk = int((call.ended_at - started).total_seconds()), int(call.talk_s)
    for name, seconds in (("duration", whole), ("billsec", talk)):
        found[name] = str(seconds)
    return {
        **found,
        "mduration": str(whole * 1000),
        "billmsec": str(talk * 1000),
        "uduration": str(whole * 1_000_000),
        "billusec": str(talk * 1_000_000),
        "waitsec": str(whole - talk),
    }


def _cdr(variables: Mapping[str, str], profile: Mapping[str, str], call: CallEnded) -> dict[str, Any]:
    micro = {name: variables[f"{name}_uepoch"] for name in ("start", "answer", "bridge", "end")}
    times = {
        "created_time": micro["start"],
        "answered_time": micro["answer"],
        "bridged_time": micro["bridge"],
        "hangup_time": micro["end"],
    }
    return {
        "core-uuid": "63e2315b-d538-4dfa-9ed5-af73ba6210b6",
        "switchname": "office",
        "channel_data": {"state": "CS_REPORTING", "direction": variables["direction"], "state_number": "11"},
        "variables": {name: quote(value, safe="") for name, value in variables.items()},
        "callflow": [{"dialplan": "XML", "profile_index": "1", "caller_profile": dict(profile), "times": times}],
    }

"""Genesys Cloud: ``customer.end`` as EventBridge carries it, with the agent that the rule adds (genesys, notes)."""

import json

from schemas.facts import CallEnded, Fact
from services.lab.senders.account import JSON, Account, Outgoing, phone_number
from services.lab.simulate.names import name_of

TOPIC = "v2.detail.events.conversation.{}.customer.end"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    call = fact.data
    if not isinstance(call, CallEnded):
        return ()
    name, customer = name_of(fact), phone_number(call.customer)
    ours = (call.line or "").partition("/")[2] or None
    inbound = call.direction == "inbound"
    talk_s = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else 0
    event = {
        "eventTime": round(call.ended_at.timestamp() * 1000),
        "conversationId": name,
        "participantId": f"p-{name}",
        "sessionId": f"s-{name}",
        "disconnectType": "PEER",
        "mediaType": "VOICE",
        "direction": call.direction.upper(),
        "ani": f"tel:+{customer}" if inbound else ours,
        "dnis": ours if inbound else f"tel:+{customer}",
        "interactingDurationMs": round(talk_s * 1000),
    }
    detail = {"topicName": TOPIC.format(name), "eventBody": event, "agent": call.identity}
    return (account.post("genesys customer.end", json.dumps({"version": "0", "detail": detail}).encode(), JSON),)

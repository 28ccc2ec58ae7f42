"""One CDR into one leg of a call: who is who, by which way, and how it ended; customers only as hashes.

Which leg is which: a leg the switch *placed* (it has an originator, or its direction relative to the switch is
outbound) is a **b-leg**; one it *received* is an **a-leg**. The whole call is named by its a-leg.
"""

from typing import Any

from schemas.facts import Direction
from services.ingest.providers import values
from services.ingest.providers.base import Leg, Source
from services.ingest.providers.freeswitch import statuses
from services.ingest.providers.freeswitch.cdr import Cdr
from services.kit.errors import BadInput


def of(cdr: Cdr, source: Source, uuid_of_query: str | None) -> Leg:
    """Raises: BadInput (missing_field)."""
    uuid = cdr.uuid or uuid_of_query
    if uuid is None:
        raise BadInput("no uuid", "missing_field")
    started, ended = cdr.started, cdr.ended
    if ended is None or started is None:
        raise BadInput("no start or end time", "missing_field")
    answered = cdr.answered
    data: dict[str, Any] = {
        "placed": cdr.placed,
        "started": started.isoformat(),
        "answered": answered.isoformat() if answered else None,
        "ended": max(ended, started).isoformat(),
        "bridged": cdr.bridged,
        "cause": cdr.cause,
        "q850": statuses.q850(cdr.cause, values.integer(cdr.get("hangup_cause_q850"))),
        "sip": cdr.sip,
        "bye": cdr.get("sip_hangup_disposition"),
        "app": cdr.get("last_app", "current_application"),
        "recording": cdr.field(source.config.fields.recording),
        "campaign": cdr.field(source.config.fields.campaign),
        **_parties(cdr, source),
    }
    return Leg(call=_call(cdr, uuid), leg=uuid, data={name: value for name, value in data.items() if value is not None})


def _call(cdr: Cdr, uuid: str) -> str:
    """Id of the whole call: its a-leg's uuid.

    ``call_uuid`` wins when it names another leg; FreeSWITCH resets it to the leg's own uuid when a bridge ends, so on
    a b-leg the originator comes before an own ``call_uuid``. Without either the roles in the bridge tell which leg began
    it. Two legs placed apart and bridged later (``uuid_bridge``) may not know: the smaller of the two uuids names their
    call.
    """
    call = cdr.get("call_uuid")
    if call and call != uuid:
        return call
    if cdr.parent:
        return cdr.parent
    role = cdr.get("last_bridge_role")
    if call or not cdr.placed or role == "originator" or cdr.get("originatee"):
        return uuid
    peer = cdr.get("bridge_uuid", "signal_bond", "originate_signal_bond", "last_bridge_to")
    if peer is None:
        return uuid
    return peer if role == "originatee" else min(uuid, peer)


def _parties(cdr: Cdr, source: Source) -> dict[str, Any]:
    fields = source.config.fields
    longest = values.integer(source.config.options.get("extension_digits")) or 5
    set_ = values.direction(fields.direction) or values.direction(cdr.field(fields.direction))
    guess = set_ or _direction(cdr, longest)
    outward = guess != "inbound"
    other, ours = (cdr.called, cdr.caller) if outward else (cdr.caller, cdr.first_called)
    return {
        "direction": guess,
        "direction_is_set": set_ is not None,
        "identity": cdr.field(fields.identity),
        "caller": cdr.account or _extension(cdr.caller, longest) or _extension(cdr.get("sip_from_user"), longest),
        "called": None if guess == "outbound" else _called_agent(cdr, longest),
        "named": _queue_agent(cdr) or cdr.get("dialed_user") or cdr.account,
        "line": cdr.field(fields.line),
        "gateway": cdr.gateway,
        "profile": cdr.profile,
        "did": _did(cdr, guess, ours, longest),
        "customer": None if guess == "internal" else source.customer(values.number_part(other)),
    }


def _direction(cdr: Cdr, longest: int) -> Direction:
    """Business direction by the leg alone.

    A received leg: ours when it is authenticated or comes from an extension — then internal or outbound by the number
    called; else inbound. A placed leg: to an extension it is internal or inbound by its caller; else outbound.
    """
    to_extension = values.is_extension(cdr.called, longest)
    from_extension = values.is_extension(cdr.caller, longest)
    if cdr.placed:
        to_extension = to_extension and not cdr.get("sip_gateway_name")
        return ("internal" if from_extension else "inbound") if to_extension else "outbound"
    if from_extension or cdr.account or cdr.get("sip_authorized") == "true":
        return "internal" if to_extension else "outbound"
    return "inbound"


def _called_agent(cdr: Cdr, longest: int) -> str | None:
    named = [cdr.get("last_sent_callee_id_number"), cdr.called]
    return (
        cdr.get("dialed_user")
        or _queue_agent(cdr)
        or next((n for n in named if n and values.is_extension(n, longest)), None)
    )


def _queue_agent(cdr: Cdr) -> str | None:
    return values.number_part(cdr.get("cc_agent"))


def _extension(number: str | None, longest: int) -> str | None:
    return values.number_part(number) if values.is_extension(number, longest) else None


def _did(cdr: Cdr, direction: Direction, ours: str | None, longest: int) -> str | None:
    """Our number, only where it cannot be a customer's: what an outside caller dialled, or what an agent's leg shows."""
    if cdr.placed or direction == "internal":
        return None
    if direction == "outbound":
        ours = cdr.get("outbound_caller_id_number", "effective_caller_id_number", "origination_caller_id_number")
    return None if values.is_extension(ours, longest) else values.digits(ours)

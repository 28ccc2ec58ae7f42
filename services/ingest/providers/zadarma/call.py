"""Events of one call (``pbx_call_id``) into its fact: NOTIFY_END or NOTIFY_OUT_END tells all, the others who rang.

Only the start is told (local time of the account). ``duration`` is talk: calls without an answer come with 0. So the
end is start + duration, and an answered call counts as answered at its start: how long it rang is not sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast

from schemas import facts
from schemas.facts import CallEnded, Direction, Disposition
from services.ingest.providers import instants, spans, values
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.zadarma import statuses
from services.kit.errors import BadInput

END: Final = "end"
_EXTENSION_DIGITS: Final = 4
"""Longest number dialled that is an extension of the PBX."""


def ended(event: str, fields: Mapping[str, str], source: Source) -> Leg:
    """NOTIFY_END and NOTIFY_OUT_END. Raises: BadInput (missing_field, bad_value)."""
    call = call_of(fields)
    started = instants.instant(fields.get("call_start"), source.timezone)
    if started is None:
        raise BadInput(f"call {call}: no call_start", "missing_field")
    word = values.text(fields.get("disposition"))
    outbound = event == "NOTIFY_OUT_END"
    destination = values.text(fields.get("destination"))
    direction: Direction = "outbound" if outbound else "inbound"
    if outbound and values.is_extension(destination, _EXTENSION_DIGITS):
        direction = "internal"
    ours = _number(fields.get("caller_id" if outbound else "called_did"))
    other = destination if outbound else values.text(fields.get("caller_id"))
    data = {
        "started": started.isoformat(),
        "length_s": spans.seconds(fields.get("duration"), "duration"),
        "disposition": statuses.disposition(word),
        "q850": statuses.q850(word, values.integer(fields.get("status_code"))),
        "direction": direction,
        "identity": _extension(fields),
        "line": ours,
        "did": values.digits(ours),
        "customer": None if direction == "internal" else source.customer(values.number_part(other)),
    }
    return Leg(call, END, {name: value for name, value in data.items() if value is not None})


def rang(event: str, fields: Mapping[str, str]) -> Leg:
    """NOTIFY_INTERNAL and NOTIFY_ANSWER: which extension. Raises: BadInput (missing_field)."""
    extension = _extension(fields)
    kind = "answer" if event == "NOTIFY_ANSWER" else "internal"
    return Leg(call_of(fields), f"{kind}:{extension or ''}"[:200], {kind: extension} if extension else {})


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """None until the call's end is known."""
    end = next((leg.data for leg in legs if leg.leg == END), None)
    if end is None:
        return None
    disposition = cast(Disposition, end["disposition"])
    started = datetime.fromisoformat(end["started"])
    finished = started + timedelta(seconds=end["length_s"])
    answered = disposition == "answered"
    data = CallEnded(
        call_id=source.call_id(call),
        identity=end.get("identity") or _who(legs, "answer") or (None if answered else _who(legs, "internal")),
        direction=cast(Direction, end["direction"]),
        started_at=started,
        answered_at=started if answered else None,
        ended_at=finished,
        talk_s=values.seconds(end["length_s"]) if answered else 0,
        disposition=disposition,
        q850=end.get("q850"),
        line=source.line(end.get("line")),
        did=end.get("did"),
        customer=end.get("customer"),
    )
    return Draft(facts.CALL, call, finished, data)


def call_of(fields: Mapping[str, str]) -> str:
    """Raises: BadInput (missing_field)."""
    call = values.text(fields.get("pbx_call_id"))
    if call is None:
        raise BadInput("no pbx_call_id", "missing_field")
    return call


def _who(legs: Sequence[Leg], kind: str) -> str | None:
    """The one extension these legs name; several that rang say nothing about whose call it was."""
    named = {str(leg.data[kind]) for leg in legs if leg.data.get(kind)}
    return named.pop() if len(named) == 1 else None


def _extension(fields: Mapping[str, Any]) -> str | None:
    """``last_internal`` is who had the call last, after a transfer."""
    return values.text(fields.get("last_internal")) or values.text(fields.get("internal"))


def _number(value: str | None) -> str | None:
    """One spelling of our own numbers (with and without plus); ``0`` is "the account's default"."""
    found = values.text(value)
    if found is None or not found.strip("0"):
        return None
    return values.digits(found) or found

"""Who is who on one record: the agent's extension, the trunk, the customer, and the direction that follows."""

import re
from dataclasses import dataclass
from typing import Any, Final

from schemas.facts import Direction
from services.ingest.providers import values
from services.ingest.providers.asterisk.channel import Channel, Number, Side, Sides, channel
from services.ingest.providers.asterisk.record import Record
from services.ingest.providers.base import Source

_IN_BRACKETS: Final = re.compile(r"<([^<>]*)>")
_DIALLED: Final = re.compile(r"[/@](\+?\d{7,15})(?=[@,&/^:]|$)|(?:^|/)(\+?\d{7,15})@")
_RECORDED: Final = re.compile(r"(?:.*/)?(out|in|external|internal)-[^-]*-([^-]*)-\d{8}-\d{6}-.*", re.IGNORECASE)
_WAYS: Final[dict[str, Direction]] = {
    "out": "outbound",
    "in": "inbound",
    "external": "inbound",
    "internal": "internal",
}


@dataclass(frozen=True, slots=True)
class Parties:
    """``a`` is the channel the record is of, ``b`` the one it dialled or was bridged with."""

    a: Channel | None
    b: Channel | None
    a_side: Side | None
    b_side: Side | None
    caller: Number | None
    called: Number | None

    def direction(self) -> Direction | None:
        """By which side is a trunk; None when the channels do not tell."""
        if self.a_side == "trunk":
            return "inbound"
        if self.a_side is not None and self.b_side == "trunk":
            return "outbound"
        if self.a_side == "extension":
            return "outbound" if self.b_side != "extension" and self.called == "number" else "internal"
        if self.a_side is None and self.b_side is not None:
            if self.b_side == "trunk":
                return "outbound"
            return "internal" if self.caller == "extension" else "inbound" if self.caller else None
        return None

    def by_numbers(self) -> Direction | None:
        if self.caller == "extension":
            return "outbound" if self.called == "number" else "internal"
        if self.caller is None and self.called != "extension":
            return {"number": "outbound", "other": "internal"}.get(self.called or "")  # type: ignore[return-value]
        return "inbound"


def told(record: Record, source: Source, sides: Sides) -> dict[str, Any]:
    """JSON-able, None where nothing is known; a customer's number only as its hash."""
    fields, context = source.config.fields, record.get("context")
    caller, called = record.get("extension") or number(record.get("source")), record.get("destination")
    caller = caller or number(record.get("caller"))
    recorded = _RECORDED.fullmatch(record.get("recording") or "")
    if recorded and recorded[1].lower() == "out" and sides.number(recorded[2]) == "extension":
        caller = recorded[2]
    a, b = channel(record.get("channel")), channel(record.get("peer"))
    found = Parties(a, b, sides.of(a), sides.of(b), sides.number(caller), sides.number(called))
    set_ = values.direction(fields.direction) or values.direction(record.field(fields.direction))
    set_ = set_ or sides.configured(context)
    way = found.direction()
    guess = set_ or way or (_WAYS[recorded[1].lower()] if recorded else None)
    guess = guess or _usual(sides, context, found) or found.by_numbers()
    outside = _beyond(number(record.get("source")), found.a_side, sides)
    dialled = _beyond(called, found.b_side, sides) or _dialled(record.get("data", 500))
    did = record.get("did") or (dialled if guess == "inbound" and found.called == "number" else None)
    if guess == "outbound":
        did = record.get("shown") or (outside if found.a_side == "extension" else None)
    return {
        "direction": guess,
        "set": set_ is not None,
        "sure": set_ is not None or way is not None,
        "a": found.a_side,
        "a_key": a.key if a else None,
        "a_half": a.half if a and a.local else None,
        "a_trunk": a.name if a and found.a_side == "trunk" else None,
        "a_agent": sides.extension(a) or (_plain(caller) if a is None and found.caller == "extension" else None),
        "b": found.b_side,
        "b_key": b.key if b else None,
        "b_trunk": b.name if b and found.b_side == "trunk" else None,
        "b_agent": sides.extension(b) or (_plain(called) if _rang(found, record) else None),
        "caller": found.caller,
        "called": found.called,
        "from_customer": source.customer(outside),
        "to_customer": source.customer(dialled),
        "identity": record.field(fields.identity),
        "line": record.field(fields.line),
        "campaign": record.field(fields.campaign),
        "did": values.digits(did),
    }


def number(text: str | None) -> str | None:
    """``"Name" <number>`` → the number; a plain one stays."""
    if text is None:
        return None
    inner = _IN_BRACKETS.search(text)
    return values.number_part(inner[1] if inner else text)


def _beyond(text: str | None, side: Side | None, sides: Sides) -> str | None:
    """A number outside: a long one, and behind a trunk a short one too."""
    kind = sides.number(text)
    return text if kind == "number" or (kind == "extension" and side == "trunk") else None


def _plain(text: str | None) -> str | None:
    return values.number_part(text)


def _rang(found: Parties, record: Record) -> bool:
    """The extension called stands for the agent's channel where the sender tells no such channel."""
    return found.called == "extension" and not record.has("peer")


def _usual(sides: Sides, context: str | None, found: Parties) -> Direction | None:
    word = sides.usual(context)
    return "internal" if word == "outbound" and found.called == "extension" else word


def _dialled(data: str | None) -> str | None:
    """The number in the arguments of Dial: ``SIP/trunk/79…``, ``PJSIP/79…@trunk,300``."""
    match = _DIALLED.search((data or "").partition(",")[0])
    return (match[1] or match[2]) if match else None

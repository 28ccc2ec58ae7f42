"""One party of one telephony session notification into one leg of ``Provider.join``.

A notification tells the state of its parties at its ``sequence``; an extension's subscription shows that extension's
party only. The same state told to two subscriptions is the same leg.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import instants, values
from services.ingest.providers.base import Leg, Source
from services.ingest.providers.ringcentral import statuses
from services.kit.errors import BadInput

_ID_LIMIT: Final = 90


def legs(envelope: Mapping[str, Any], source: Source, received_at: datetime) -> list[Leg]:
    """Raises: BadInput (missing_field)."""
    body = values.mapping(envelope.get("body"))
    session = values.text(body.get("telephonySessionId")) or values.text(body.get("sessionId"))
    if session is None:
        raise BadInput("a notification without telephonySessionId", "missing_field")
    began = instants.instant(body.get("eventTime"))
    at = instants.instant(envelope.get("timestamp")) or received_at
    sequence = values.integer(body.get("sequence"))
    name = str(sequence) if sequence is not None else at.isoformat()
    found = []
    for number, raw in enumerate(values.items(body.get("parties"))):
        party = values.mapping(raw)
        status = values.mapping(party.get("status"))
        code = statuses.word(values.text(status.get("code")))
        if not code:
            continue
        own = values.text(party.get("id"), _ID_LIMIT) or str(number)
        data = {
            "party": own,
            "sequence": sequence if sequence is not None else -1,
            "at": at.isoformat(),
            "began": began.isoformat() if began else None,
            "code": code,
            "reason": statuses.word(values.text(status.get("reason"))) or None,
            "missed": party.get("missedCall") is True or None,
            "caller": values.direction(party.get("direction")) == "outbound",
            **ends(party, source),
        }
        found.append(Leg(session, f"{name}:{own}", {key: value for key, value in data.items() if value is not None}))
    if not found:
        raise BadInput("a notification without parties that have a status", "missing_field")
    return found


def ends(party: Mapping[str, Any], source: Source, *, ours: bool = False) -> dict[str, Any]:
    """Which ends are ours; the other's number only as a hash, ours plain where it surely is ours.

    ``ours``: it is our own record, whose direction is ours too; a party may be somebody outside.
    """
    own = _extension_id(party)
    caller, called = values.mapping(party.get("from")), values.mapping(party.get("to"))
    placed = values.direction(party.get("direction")) == "outbound"
    from_ours = _is_ours(caller) or (placed and (ours or own is not None))
    to_ours = _is_ours(called) or (not placed and (ours or own is not None))
    numbers = [values.text(end.get("phoneNumber")) for end in (caller, called)]
    fields = source.config.fields
    return {
        "from_id": _identity(caller, source) or (own if placed and not _by_number(source) else None),
        "to_id": _identity(called, source) or (own if not placed and not _by_number(source) else None),
        "from_ours": from_ours,
        "to_ours": to_ours,
        "from_customer": None if from_ours else source.customer(numbers[0]),
        "to_customer": None if to_ours else source.customer(numbers[1]),
        "from_line": _line(numbers[0]) if from_ours else None,
        "to_line": _line(numbers[1]) if to_ours and not from_ours else None,
        "identity": values.text(values.reach(party, fields.identity)) if fields.identity else None,
        "line": values.text(values.reach(party, fields.line)) if fields.line else None,
        "campaign": values.text(values.reach(party, fields.campaign)) if fields.campaign else None,
        "set": values.direction(fields.direction),
    }


def _by_number(source: Source) -> bool:
    return source.config.options.get("identity") == "extension_number"


def _identity(end: Mapping[str, Any], source: Source) -> str | None:
    """Extension id; its number where the roster lists numbers (``options.identity: extension_number``)."""
    if not _by_number(source):
        return _extension_id(end)
    number = values.text(end.get("extensionNumber")) or values.text(end.get("phoneNumber"))
    return number if values.is_extension(number, longest=8) and _is_ours(end) else None


def _is_ours(end: Mapping[str, Any]) -> bool:
    number = values.text(end.get("phoneNumber"))
    return bool(_extension_id(end) or values.text(end.get("extensionNumber")) or values.is_extension(number, longest=6))


def _extension_id(end: Mapping[str, Any]) -> str | None:
    """Of a party, of an end, or (call log) of the extension whose record it is."""
    named = values.text(end.get("extensionId"))
    return named or values.text(values.mapping(end.get("extension")).get("id"))


def _line(number: str | None) -> str | None:
    return None if values.is_extension(number, longest=6) else number

"""``asterisk``: Asterisk and FreePBX, by whatever posts their CDRs and channel events (dialplan, `srez asterisk`, a script).

Asterisk itself signs nothing: ``secrets.path``, ``secrets.basic``, or both.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import credentials, values
from services.ingest.providers.asterisk import body, cdr, rows
from services.ingest.providers.asterisk.channel import Sides
from services.ingest.providers.asterisk.join import join
from services.ingest.providers.asterisk.record import Record
from services.ingest.providers.base import Ignored, Leg, Parsed, Provider, Rejected, Request, Secrets, Source
from services.kit.errors import BadInput

_GOING_ON: Final = frozenset(
    {"newchannel", "newstate", "newexten", "dialbegin", "dialend", "dialstate", "hanguprequest", "softhanguprequest"}
    | {"status", "coreshowchannel"}
)
"""Of AMI; some of these have fields that CDRs have too (``DialStatus``, ``Duration``)."""
_OF_A_CDR: Final = ("disposition", "duration", "billsec", "start", "end")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body holds no record, or an option of the source cannot be read."""
    sides = Sides(source.config.options)
    legs: dict[tuple[str, str], Leg] = {}
    ignored: list[Ignored] = []
    rejected: list[Rejected] = []
    for raw in body.records(request):
        try:
            part = _part(raw, source, sides, request.received_at)
        except BadInput as error:
            rejected.append(Rejected(error.reason, str(error)))
            continue
        if isinstance(part, Leg):
            legs[part.call, part.leg] = part
        else:
            ignored.append(part)
    ignored += _going_on(legs.values())
    return Parsed(legs=tuple(legs.values()), ignored=tuple(ignored), rejected=tuple(rejected))


def _going_on(legs: Iterable[Leg]) -> list[Ignored]:
    """What is kept of calls that go on: by itself it counts nothing."""
    events = {str(leg.data["event"]) for leg in legs if leg.data["kind"] != "cdr"} - rows.ENDS
    return [Ignored("ringing", ", ".join(sorted(events)))] if events else []


def _part(raw: Mapping[str, Any], source: Source, sides: Sides, received_at: datetime) -> Leg | Ignored:
    if isinstance(raw.get("channel"), Mapping):
        return rows.of_ari(raw, source, sides, received_at)
    record = Record(raw)
    event, row = (record.get("event") or "").lower(), record.get("row")
    if row is not None and event in ("", "cel"):
        return rows.of_cel(record, row, source, sides, received_at)
    if event in rows.AMI and not _is_cdr(record):
        return rows.of_ami(record, event, source, sides, received_at)
    if event in _GOING_ON:
        return Ignored("ringing", event)
    if event not in ("", "cdr") and not _is_cdr(record):
        return Ignored("unknown_event", event[:60])
    if any(record.get(name) for name in _OF_A_CDR):
        return cdr.leg(record, source, sides, received_at)
    if record.get("cause") and record.get("uniqueid"):
        return rows.of_ami(record, "hangup", source, sides, received_at)
    if values.text(raw.get("type")) in ("ApplicationReplaced", "ApplicationRegistered", "DeviceStateChanged"):
        return Ignored("unknown_event", str(raw["type"])[:60])
    raise BadInput("neither a CDR nor an event of a channel", "unparseable")


def _is_cdr(record: Record) -> bool:
    """Of an event with a name of its own: ``Status`` of a queue's member or a peer is nobody's call."""
    named = record.get("uniqueid") or record.get("linkedid")
    return bool(named) and any(record.get(name) for name in _OF_A_CDR)


PROVIDER = Provider(name="asterisk", verify=verify, parse=parse, join=join, methods=("POST", "GET"), signs="path")

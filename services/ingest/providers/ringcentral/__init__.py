"""``ringcentral``: telephony session notifications of a webhook subscription, joined into one call per session.

Secret: ``validation_token``, the one given as ``deliveryMode.validationToken`` (or ``verificationToken``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.ingest.providers import values
from services.ingest.providers.base import (
    Ignored,
    Leg,
    Parsed,
    Provider,
    Rejected,
    Request,
    Secrets,
    Source,
)
from services.ingest.providers.ringcentral import handshake, party, record, statuses
from services.ingest.providers.ringcentral.session import join
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    handshake.verify(request, secrets)


def redact(request: Request) -> Request:
    """Without the token."""
    return replace(request, headers={k: v for k, v in request.headers.items() if k not in handshake.HEADERS})


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    envelope = _envelope(request.body)
    records = [found for found in _records(envelope) if record.is_one(found)]
    if records:
        return _of_records(records, source)
    body = values.mapping(envelope.get("body"))
    if not body:
        raise BadInput("neither a notification nor a call-log record")
    if "parties" not in body and "telephonySessionId" not in body:
        return Parsed(ignored=(Ignored("unknown_event", values.text(envelope.get("event")) or ""),))
    try:
        legs = party.legs(envelope, source, request.received_at)
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    going_on = sorted({leg.data["code"] for leg in legs} - statuses.ENDED)
    return Parsed(legs=tuple(legs), ignored=(Ignored("ringing", ", ".join(going_on)[:200]),) if going_on else ())


def _of_records(records: list[Mapping[str, Any]], source: Source) -> Parsed:
    legs: list[Leg] = []
    rejected: list[Rejected] = []
    faxes = [found for found in records if (values.text(found.get("type")) or "Voice").lower() != "voice"]
    for found in records:
        if found in faxes:
            continue
        try:
            legs.append(record.leg(found, source))
        except BadInput as error:
            rejected.append(Rejected(error.reason, str(error)))
    ignored = tuple(Ignored("info_call", "not a voice call") for _ in faxes)
    return Parsed(legs=tuple(legs), ignored=ignored, rejected=tuple(rejected))


def _envelope(body: bytes) -> Mapping[str, Any]:
    """The notification, also inside a push wrapper (``pn_apns``), where its body and timestamp stand."""
    whole = values.load_json(body)
    if not isinstance(whole, dict):
        raise BadInput("the body is not an object")
    if "body" in whole:
        return whole
    wrapped = (inner for inner in whole.values() if isinstance(inner, dict) and "body" in inner)
    return next(wrapped, whole)


def _records(envelope: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The record itself, or those of a page of the call log."""
    yield envelope
    yield from (found for found in values.items(envelope.get("records")) if isinstance(found, dict))


PROVIDER = Provider(
    name="ringcentral",
    verify=verify,
    parse=parse,
    join=join,
    redact=redact,
    challenge=handshake.challenge,
    required_secrets=("validation_token",),
    signs="token",
)

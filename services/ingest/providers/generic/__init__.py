"""``generic``: CloudEvents 1.0 (structured, binary, batch) carrying our own facts, signed by Standard Webhooks.

Secrets: ``signing`` (Standard Webhooks), or ``bearer`` (CloudEvents' OAuth-style token), or a path or Basic secret.
Everything configured must hold.
"""

import re
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

import msgspec

from schemas import facts
from services.ingest.providers import credentials
from services.ingest.providers.base import (
    Draft,
    Ignored,
    Parsed,
    Provider,
    Rejected,
    Reply,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.generic import standard_webhooks
from services.ingest.providers.generic.cloudevents import Envelope, raw_events
from services.kit.errors import BadInput

HASHED = "k1:"
_CURRENCY = re.compile(r"[A-Z]{3}")
TOKEN = "access_token"  # noqa: S105 - the name of a query parameter


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    signing, bearer = secrets.get("signing"), secrets.get("bearer")
    if signing:
        standard_webhooks.verify(request, signing, now)
    if bearer and not credentials.matches(_bearer(request), bearer):
        raise Unauthorized("wrong bearer token", "bad_signature")
    if not signing and not bearer:
        credentials.verify_configured(request, secrets)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return dict(parse_qsl(request.query)).get(TOKEN, "")


def redact(request: Request) -> Request:
    """Without the token of the query; ``Authorization`` is removed for all providers."""
    if TOKEN not in request.query:
        return request
    left = [pair for pair in parse_qsl(request.query, keep_blank_values=True) if pair[0] != TOKEN]
    return replace(request, query=urlencode(left))


def challenge(request: Request, source: Source, secrets: Secrets) -> Reply | None:
    """The abuse-protection handshake of the CloudEvents webhook specification."""
    if request.method != "OPTIONS":
        return None
    origin = request.headers.get("webhook-request-origin", "")
    if not origin or not origin.isascii() or not origin.isprintable():
        return None
    return Reply(
        status=200,
        body=b"",
        headers=(
            ("WebHook-Allowed-Origin", origin),
            ("WebHook-Allowed-Rate", str(max(1, int(source.config.rate_per_s * 60)))),
            ("Allow", "POST, OPTIONS"),
        ),
    )


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    drafts: list[Draft] = []
    rejected: list[Rejected] = []
    for number, event in enumerate(raw_events(request)):
        try:
            drafts.append(_draft(event, source))
        except BadInput as error:
            rejected.append(Rejected(error.reason, f"event {number}: {error}"))
    if not drafts and not rejected:
        return Parsed(ignored=(Ignored("empty_batch"),))
    return Parsed(drafts=tuple(drafts), rejected=tuple(rejected))


def _draft(event: Envelope | BadInput, source: Source) -> Draft:
    if isinstance(event, BadInput):
        raise event
    if event.specversion != "1.0":
        raise BadInput("specversion is not 1.0", "bad_value")
    for name in ("id", "source", "type"):
        if not getattr(event, name):
            raise BadInput(f"{name} is missing", "missing_field")
    if event.type not in facts.DATA_TYPES:
        raise BadInput(f"unknown event type {event.type[:80]!r}", "unknown_event")
    try:
        data = facts.decode_data(event.type, event.json())
    except RecursionError as error:
        raise BadInput("data is nested too deeply", "too_deep") from error
    except facts.BadFact as error:
        raise BadInput(str(error), "bad_value") from error
    time = event.instant() or facts.moment(data)
    if time is None or time.tzinfo is None:
        raise BadInput(f"{event.type}: no time with an offset", "missing_field")
    return Draft(event.type, event.id, time, _money(_without_number(data, source)))


def _money(data: facts.Data) -> facts.Data:
    """One currency in one spelling: else "rub" would be shown apart from RUB. Raises: BadInput."""
    if not isinstance(data, facts.InvoiceIssued | facts.Payment):
        return data
    currency = data.currency.strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise BadInput(f"currency {data.currency[:20]!r} is no code such as EUR", "bad_value")
    if data.amount_minor < 0:
        raise BadInput("amount_minor is less than 0 (money given back is srez.payment.refunded.v1)", "bad_value")
    return data if currency == data.currency else msgspec.structs.replace(data, currency=currency)


def _without_number(data: facts.Data, source: Source) -> facts.Data:
    """A customer who is not a keyed hash already becomes one: plain numbers reach no fact."""
    if not isinstance(data, facts.CallEnded) or data.customer is None or data.customer.startswith(HASHED):
        return data
    return msgspec.structs.replace(data, customer=source.customer(data.customer))


PROVIDER = Provider(
    name="generic", verify=verify, parse=parse, redact=redact, challenge=challenge, methods=("POST",), signs="body"
)

"""``stripe``: snapshot events of payments, invoices and refunds, signed over the raw body.

Secret: ``signing_secret``, the endpoint's ``whsec_…``.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import values
from services.ingest.providers.base import (
    Draft,
    Ignored,
    Leg,
    Parsed,
    Provider,
    Request,
    Secrets,
    Source,
)
from services.ingest.providers.stripe import events, signature
from services.ingest.providers.stripe.join import join
from services.kit.errors import BadInput

_THIN: Final = "v2.core.event"
_MODES: Final = ("live", "test", "any")
_CLIENT_SECRET: Final = re.compile(rb'("client_secret"\s*:\s*)"[^"\\]*"')


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    header = request.headers.get(signature.HEADER, "")
    signature.check(header, request.body, secrets.get("signing_secret", ()), now)


def redact(request: Request) -> Request:
    """Without the secret by which a browser speaks for a payment intent."""
    return replace(request, body=_CLIENT_SECRET.sub(rb"\1null", request.body))


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the event cannot be understood."""
    event = values.load_json(request.body)
    if not isinstance(event, dict):
        raise BadInput("not an event of Stripe")
    if event.get("object") == _THIN:
        thin = values.text(event.get("type"), 100)
        return Parsed(ignored=(Ignored("needs_readback", f"thin event {thin}: let Stripe send snapshot events"),))
    if not _of_our_mode(event, source):
        return Parsed(ignored=(Ignored("not_counted", "an event of the other mode (livemode)"),))
    found = list(events.parts(event, source))
    return Parsed(
        drafts=tuple(part for part in found if isinstance(part, Draft)),
        legs=tuple(part for part in found if isinstance(part, Leg)),
        ignored=tuple(part for part in found if isinstance(part, Ignored)),
    )


def _of_our_mode(event: Mapping[str, Any], source: Source) -> bool:
    """Whether ``livemode`` is what ``options.mode`` wants. Raises: BadInput.

    A signing secret belongs to an endpoint of one mode, so by default both count; only a Connect endpoint, whose
    events name an ``account``, is sent test events beside live ones: there the test ones do not count.
    """
    mode = source.config.options.get("mode")
    if mode is None:
        mode = "live" if event.get("account") else "any"
    if mode not in _MODES:
        raise BadInput("sources[].options.mode must be live, test or any", "bad_value")
    return mode == "any" or (mode == "test") == (event.get("livemode") is False)


PROVIDER = Provider(
    name="stripe",
    verify=verify,
    parse=parse,
    join=join,
    redact=redact,
    required_secrets=("signing_secret",),
    signs="body",
)

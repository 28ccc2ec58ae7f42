"""``uis``: UIS, CoMagic, CallGear, Novofon's newer platform: HTTP notifications by a template that we publish.

Nothing is signed. Secrets: ``path`` (in the address) or ``token`` (a field of the template); all that are given must hold.
"""

from datetime import datetime
from typing import Final

from services.ingest.providers import credentials, values
from services.ingest.providers.base import (
    Ignored,
    Parsed,
    Provider,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.uis import call, message
from services.kit.errors import BadInput

VERSION: Final = 1
"""Of the template in the README; it stands in its field ``srez``."""


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized, also when neither path, token nor basic is configured."""
    tokens = secrets.get(message.TOKEN, ())
    if not tokens or secrets.get(credentials.PATH) or secrets.get(credentials.BASIC):
        credentials.verify_configured(request, secrets)
    if tokens and not credentials.matches(message.token(request), tokens):
        raise Unauthorized("the template's field token is missing or wrong", "bad_signature")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    fields = message.read(request)
    version = fields.get("srez")
    if version is not None and values.integer(version) != VERSION:
        raise BadInput(f"the template's version is {str(version)[:40]!r}, known is {VERSION}", "bad_value")
    what = call.kind(fields)
    if what is None:
        said = values.text(fields.get("event")) or values.text(fields.get("notification_name"), 80)
        return Parsed(ignored=(Ignored("ringing", said or "neither the end of a call nor a lost one"),))
    try:
        leg = call.leg(fields, what, source)
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    return Parsed(legs=(leg,), ignored=(Ignored("recording"),) if what == "recorded" else ())


PROVIDER = Provider(
    name="uis",
    verify=verify,
    parse=parse,
    join=call.join,
    redact=message.without_token,
    methods=("POST", "GET"),
    signs="path",
)

"""``pipedrive``: webhooks v1 and v2 about deals.

Nothing is signed: ``secrets.basic`` (chosen where the webhook is created), ``secrets.path``, or both.
"""

from datetime import datetime

from services.ingest.providers import credentials, deals, values
from services.ingest.providers.base import Ignored, Parsed, Provider, Request, Secrets, Source
from services.ingest.providers.pipedrive import event
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    body = values.load_json(request.body)
    if not isinstance(body, dict):
        raise BadInput("the body is not an object")
    told = event.read(body, request.received_at)
    if told.entity != "deal":
        return Parsed(ignored=(Ignored("not_counted", told.name),))
    return deals.collect(event.parts(told, source))


PROVIDER = Provider(name="pipedrive", verify=verify, parse=parse, signs="basic")

"""``mapped``: any system's bodies, read by the JMESPath expressions of ``sources[].map`` (docs/MAPPED.md).

Secrets: ``path``, ``basic``, ``signing`` (with ``map.signature``). Everything configured must hold.
"""

from datetime import datetime

from services.ingest.providers import credentials
from services.ingest.providers.base import (
    Draft,
    Ignored,
    Parsed,
    Provider,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.mapped import signature
from services.ingest.providers.mapped.rules import outcomes

SIGNING = "signing"


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    how = source.config.map.signature if source.config.map else None
    keys = secrets.get(SIGNING)
    if not how and not keys:
        credentials.verify_configured(request, secrets)
        return
    if not how or not keys:
        raise Unauthorized("secrets.signing and map.signature belong together", "bad_signature")
    signature.verify(request, how, keys)
    if secrets.get(credentials.PATH) or secrets.get(credentials.BASIC):
        credentials.verify_configured(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be read."""
    if source.config.map is None:
        return Parsed(rejected=(Rejected("missing_field", "the floor file gives this source no map"),))
    results = [outcome.result for outcome in outcomes(request, source, source.config.map)]
    drafts = tuple(result for result in results if isinstance(result, Draft))
    rejected = tuple(result for result in results if isinstance(result, Rejected))
    if not drafts and not rejected:
        return Parsed(ignored=(Ignored("not_counted", "no rule of the map counts it"),))
    return Parsed(drafts=drafts, rejected=rejected)


PROVIDER = Provider(name="mapped", verify=verify, parse=parse, methods=("POST", "GET"), signs="path")

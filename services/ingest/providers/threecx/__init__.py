"""``3cx``: call journaling of 3CX by a CRM template (``template.xml`` is ours), Json or UrlEncoded.

Nothing is signed: ``secrets.path`` (in the template's URL), ``secrets.basic``, ``secrets.bearer``, all that are
configured.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import credentials, form, values
from services.ingest.providers.base import Parsed, Provider, Rejected, Request, Secrets, Source
from services.ingest.providers.threecx import report
from services.kit.errors import BadInput


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    credentials.verify_with_bearer(request, secrets)


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    raw = _pairs(request)
    pairs = report.told(raw)
    if not report.known(pairs):
        raise BadInput("none of the pairs tells of a call", "unknown_event")
    try:
        return Parsed(drafts=(report.draft(raw, pairs, source, request.received_at),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _pairs(request: Request) -> Mapping[str, Any]:
    """JSON, a form, or the query of a template that reports by GET."""
    bare = request.body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if bare.startswith((b"{", b"[")):
        return values.mapping(values.load_json(bare))
    return form.flat(bare) if bare else form.flat(request.query)


PROVIDER = Provider(name="3cx", verify=verify, parse=parse, methods=("POST", "GET", "PUT"), signs="path")

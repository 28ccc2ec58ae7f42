"""``bitrix24``: outgoing webhooks and application events. Telephony gives calls; CRM events name an id only.

Secrets: ``application_token``, compared with ``auth[application_token]``; ``rest_url`` to read deals back.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.ingest.providers import credentials, deals, form, values
from services.ingest.providers.base import (
    READBACK,
    Fetch,
    Ignored,
    Parsed,
    Provider,
    ReadBack,
    Rejected,
    Request,
    Secrets,
    Source,
    Unauthorized,
)
from services.ingest.providers.bitrix24 import call, changes, crm, rest
from services.ingest.providers.deals import Part
from services.kit.errors import BadInput

_CALL_END: Final = "ONVOXIMPLANTCALLEND"
_RINGING: Final = ("ONVOXIMPLANTCALLINIT", "ONVOXIMPLANTCALLSTART", "ONEXTERNALCALLSTART", "ONEXTERNALCALLBACKSTART")
_PINNED: Final = ("member_id", "domain")
"""Of ``auth``; options of the same names pin the portal."""
_TOKENS: Final = ("access_token", "refresh_token", "application_token", "AUTH_ID", "REFRESH_ID")


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        auth = values.mapping(_event(request.body).get("auth"))
    except BadInput as error:
        raise Unauthorized("the body carries no application_token", "bad_signature") from error
    token = values.text(auth.get("application_token")) or ""
    if not credentials.matches(token, secrets.get("application_token", ())):
        raise Unauthorized("auth[application_token] is missing or wrong", "bad_signature")
    for name in _PINNED:
        credentials.verify_account(source.config.options.get(name), values.text(auth.get(name)), f"auth[{name}]")


def redact(request: Request) -> Request:
    """Without the live OAuth tokens and the application token. What was read back holds none."""
    if request.method == READBACK:
        return request
    if not _is_json(request.body):
        return replace(request, body=form.without(request.body, _is_token))
    try:
        event = _event(request.body)
        auth = values.mapping(event.get("auth"))
        plain = {name: value for name, value in event.items() if name not in _TOKENS}
        plain["auth"] = {name: value for name, value in auth.items() if name not in _TOKENS}
        return replace(request, body=json.dumps(plain).encode())
    except (BadInput, RecursionError):  # nothing that could be kept without its tokens
        return replace(request, body=b"")


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    if request.method == READBACK:
        return deals.collect(_answered(request, source))
    event = _event(request.body)
    name = (values.text(event.get("event"), 80) or "").upper()
    if not name:
        raise BadInput("no field event", "missing_field")
    if name in _RINGING:
        return Parsed(ignored=(Ignored("ringing", name),))
    if name.startswith("ONCRM"):
        return deals.collect(crm.thin(name, event, source))
    if name != _CALL_END:
        return Parsed(ignored=(Ignored("unknown_event", name),))
    try:
        draft = call.draft(event, source)
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))
    return Parsed(drafts=(draft,)) if draft else Parsed(ignored=(Ignored("info_call"),))


def _answered(request: Request, source: Source) -> Iterator[Part | ReadBack]:
    """Raises: BadInput."""
    answer = values.mapping(values.load_json(request.body))
    kind, _, wanted = request.path.strip("/").partition("/")
    if "error" in answer:
        yield rest.refused(request.path, answer)
    elif kind in (crm.DEAL, crm.ITEM):
        yield from crm.answered(kind, wanted, answer, source, request.received_at)
    elif kind in changes.KINDS:
        yield from changes.answered(kind, wanted, answer, source, request.received_at)
    else:
        raise BadInput(f"nothing called {kind[:40]!r} is read back", "unknown_event")


def fetch(wanted: ReadBack, source: Source, secrets: Secrets) -> Fetch | None:
    """None without ``rest_url``."""
    base = rest.base(secrets)
    if base is None:
        return None
    return changes.fetch(wanted, base, source) if wanted.kind in changes.KINDS else crm.fetch(wanted, base)


def _event(body: bytes) -> Mapping[str, Any]:
    """The event as an object, out of a form (what is sent) or JSON (what the documentation prints)."""
    if _is_json(body):
        found = values.load_json(body)
        if not isinstance(found, dict):
            raise BadInput("the body is not an object")
        return found
    return form.nested(form.pairs(body))


def _is_json(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def _is_token(name: str) -> bool:
    return name in _TOKENS or any(name.endswith(f"[{token}]") for token in _TOKENS)


PROVIDER = Provider(
    name="bitrix24",
    verify=verify,
    parse=parse,
    redact=redact,
    fetch=fetch,
    trouble=rest.trouble,
    reconcile=changes.asked,
    required_secrets=("application_token",),
    signs="token",
)

"""``mango``: Mango Office VPBX. The event stands in the path, the JSON text in the form field ``json``, signed.

Secrets: ``api_key`` and ``salt``.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any, Final

from services.ingest.providers import credentials, form, values
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
from services.ingest.providers.mango import summary
from services.kit.errors import BadInput

_EVENTS: Final = ("summary", "call", "recording", "ping")
_SECRET_FIELDS: Final = frozenset({"vpbx_api_key", "sign"})


def sign(api_key: str, json: bytes, salt: str) -> str:
    """Lower-case hex of SHA-256 over key + the raw JSON text + salt."""
    return hashlib.sha256(api_key.encode() + json + salt.encode()).hexdigest()


def verify(request: Request, source: Source, secrets: Secrets, now: tuple[datetime, ...]) -> None:
    """Raises: Unauthorized."""
    try:
        fields = dict(form.raw_pairs(request.body))
    except BadInput as error:
        raise Unauthorized("the body carries no signature", "bad_signature") from error
    json, given = fields.get(b"json", b""), fields.get(b"sign", b"").decode("latin-1").lower()
    keys, salts = secrets.get("api_key", ()), secrets.get("salt", ())
    right_key = credentials.matches(fields.get(b"vpbx_api_key", b"").decode("utf-8", "replace"), keys)
    right_sign = credentials.matches(given, [sign(key, json, salt) for key, salt in product(keys, salts)])
    if not right_key or not right_sign:
        raise Unauthorized("the field sign or vpbx_api_key is missing or wrong", "bad_signature")


def redact(request: Request) -> Request:
    """Without the API key and the signature."""
    return replace(request, body=form.without(request.body, lambda name: name in _SECRET_FIELDS))


def parse(request: Request, source: Source) -> Parsed:
    """Raises: BadInput when the body as a whole cannot be understood."""
    kind = _of_path(request.path)
    if kind == "ping":
        return Parsed(ignored=(Ignored("ping"),))
    event = _event(request.body)
    kind = kind or _of_keys(event)
    if kind == "call":
        return Parsed(ignored=(Ignored("ringing", str(values.text(event.get("call_state"), 40))),))
    if kind == "recording":
        return Parsed(ignored=(Ignored("recording", str(values.text(event.get("recording_state"), 40))),))
    if kind != "summary":
        return Parsed(ignored=(Ignored("unknown_event", kind),))
    try:
        return Parsed(drafts=(summary.draft(event, source),))
    except BadInput as error:
        return Parsed(rejected=(Rejected(error.reason, str(error)),))


def _event(body: bytes) -> Mapping[str, Any]:
    """The value of the field ``json``; a bare JSON body is taken as that value."""
    bare = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    text: bytes | None = bare
    if not bare.startswith((b"{", b"[")):
        text = dict(form.raw_pairs(body)).get(b"json")
    if text is None:
        raise BadInput("no form field json", "missing_field")
    event = values.load_json(text)
    if not isinstance(event, dict):
        raise BadInput("the field json is not an object")
    return event


def _of_path(path: str) -> str | None:
    """``events/summary`` → summary, wherever it stands in the path; None when the path names no event."""
    parts = [part.lower() for part in path.split("/") if part]
    if "events" in parts[:-1]:
        return parts[parts.index("events") + 1][:40]
    return next((part for part in reversed(parts) if part in _EVENTS), None)


def _of_keys(event: Mapping[str, Any]) -> str:
    if "recording_id" in event:
        return "recording"
    if "entry_result" in event or "end_time" in event or "talk_time" in event:
        return "summary"
    if "call_state" in event or "seq" in event:
        return "call"
    raise BadInput("neither the path nor the keys tell which event this is", "unknown_event")


PROVIDER = Provider(
    name="mango",
    verify=verify,
    parse=parse,
    redact=redact,
    required_secrets=("api_key", "salt"),
    signs="body",
)

"""What a notification of UIS says, whatever template and method its author chose: names of placeholders → values.

UIS puts JSON values into the text its customer wrote: texts bring their own quotes, absent ones are ``null``. So a
body may be JSON (also inside a wrapper of the customer's), and a form or a query may hold values with quotes.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.ingest.providers import form, values
from services.ingest.providers.base import Request
from services.kit.errors import BadInput

CALL: Final = "call_session_id"
TOKEN: Final = "token"  # noqa: S105 - the name of a field of our template
_DEPTH: Final = 4
_VALUE: Final = re.compile(rb'("token"\s*:\s*)("[^"]*"?|[^\s,}]*)')


def read(request: Request) -> Mapping[str, Any]:
    """Raises: BadInput when there is no such message."""
    body = request.body.strip(b"\xef\xbb\xbf \t\r\n")
    if _is_json(body):
        whole = values.load_json(body)
        found = _with_call(whole, 0)
        if found is None:
            raise BadInput(f"no field {CALL}", "missing_field")
        outer = {name: value for name, value in values.mapping(whole).items() if not isinstance(value, Mapping | list)}
        return {**outer, **found}
    pairs = form.flat(request.query) | form.flat(body)
    if CALL not in pairs:
        raise BadInput(f"no field {CALL}", "missing_field")
    return {name: _plain(value) for name, value in pairs.items()}


def token(request: Request) -> str:
    """The value of our template's field ``token``, or "". Never raises."""
    try:
        found = _find_token(request)
    except (BadInput, RecursionError):
        return ""
    return values.text(found) or ""


def without_token(request: Request) -> Request:
    """As it is journaled: byte for byte the same when there is no token in it. Never raises."""
    query = form.without(request.query.encode("utf-8", "replace"), _is_token).decode("utf-8")
    kept = replace(request, query=query) if query != request.query else request
    if not _is_json(request.body.strip(b"\xef\xbb\xbf \t\r\n")):
        return replace(kept, body=form.without(request.body, _is_token))
    if TOKEN.encode() not in request.body and b"\\u" not in request.body:
        return kept
    found = False

    def pairs(read: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal found
        found = found or any(name == TOKEN for name, _ in read)
        return {name: value for name, value in read if name != TOKEN}

    try:
        clean = json.dumps(values.load_json(request.body, pairs), ensure_ascii=False)
    except (BadInput, RecursionError, ValueError):  # a template with a mistake in it: shown, but for the token's value
        return replace(kept, body=_VALUE.sub(rb'\1""', request.body))
    return replace(kept, body=clean.encode("utf-8", "replace")) if found else kept


def _find_token(request: Request) -> object:
    body = request.body.strip(b"\xef\xbb\xbf \t\r\n")
    if not _is_json(body):
        return _plain((form.flat(request.query) | form.flat(body)).get(TOKEN, ""))
    whole = values.load_json(body)
    return values.mapping(whole).get(TOKEN) or (_with_call(whole, 0) or {}).get(TOKEN)


def _with_call(node: object, depth: int) -> Mapping[str, Any] | None:
    """The object that names the call, outermost first."""
    if depth > _DEPTH:
        return None
    if isinstance(node, Mapping) and CALL in node:
        return node
    return next((found for inner in values.items(node) if (found := _with_call(inner, depth + 1)) is not None), None)


def _plain(value: str) -> Any:
    """``"in"`` (with its quotes), ``null``, ``[1,2]`` and ``12`` as UIS writes them into a query; anything else as it is."""
    bare = value.strip()
    if bare in ("null", "None"):
        return None
    if bare[:1] in ('"', "["):
        try:
            return values.load_json(bare)
        except BadInput:
            return bare.strip('"')
    return bare


def _is_json(body: bytes) -> bool:
    return body.startswith((b"{", b"["))


_is_token: Callable[[str], bool] = TOKEN.__eq__

"""What expressions see: the body as plain objects, and the rest of the request under ``_``."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.floor.mapping import Mapping as Map
from services.ingest.providers import form, values
from services.ingest.providers.base import Request
from services.ingest.providers.mapped import xml
from services.kit.errors import BadInput

REQUEST: Final = "_"
"""Key under which every object carries the request it came in."""
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"


def decode(request: Request, how: Map) -> Any:
    """The body as *how* says, with the text of its ``field`` taken apart once more.

    Raises: BadInput (unparseable, missing_field, too_large, too_deep).
    """
    found = _tree(request.body if how.format != "query" else b"", request.query, how, how.format)
    if how.field is None:
        return found
    inner = values.reach(found, how.field)
    if isinstance(inner, str):
        return _tree(inner.encode("utf-8", "replace"), "", how, "auto")
    if inner is None:
        raise BadInput(f"the body has no field {how.field}", "missing_field")
    return inner


def around(whole: Any, request: Request) -> dict[str, Any]:
    """What stands under ``_``: a member of a list would else know nothing of what it came in."""
    return {
        "body": whole,
        "query": form.flat(request.query),
        "path": request.path,
        "headers": dict(request.headers),
    }


def seen(member: Any, context: dict[str, Any]) -> Any:
    """*member* as an expression sees it; only an object can carry the request."""
    return {**member, REQUEST: context} if isinstance(member, dict) else member


def _tree(raw: bytes, query: str, how: Map, kind: str) -> Any:
    start = raw.lstrip(_BLANK)
    if kind == "auto":
        kind = _guess(start)
    match kind:
        case "json":
            return values.load_json(raw)
        case "xml":
            return xml.tree(start, how.namespaces)
        case "query":
            return _form(query.encode("utf-8", "replace"))
    return _form(start or query.encode("utf-8", "replace"))


def _guess(start: bytes) -> str:
    if not start:
        return "query"
    if start.startswith((b"{", b"[")):
        return "json"
    return "xml" if start.startswith(b"<") else "form"


def _form(raw: bytes) -> Mapping[str, Any]:
    found = form.nested(form.pairs(raw))
    if not found:
        raise BadInput("neither a body nor a query")
    return found

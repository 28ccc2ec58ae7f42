"""The body of a mod_json_cdr post, whichever of its three encodings it has, and an ESL hang-up event beside it.

The content type is a hint only: ``disable-100-continue`` loses it, so the first bytes decide.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from services.ingest.providers import values
from services.kit.errors import BadInput

_UUID: Final = re.compile(r"(?:^|[?&=])uuid=([0-9A-Za-z-]{8,64})")
_FIELD: Final = re.compile(rb"(?:^|&)cdr=([^&]*)")
_ESL_LINE: Final = re.compile(rb"[A-Za-z][\w.-]*: ")


def decode(body: bytes) -> Mapping[str, Any]:
    """The CDR as an object; a repeated ``callflow`` key (older releases) becomes a list.

    Raises: BadInput.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return _object(start)
    if field := _FIELD.search(start):
        return _object(_unpack(field[1].strip()))
    if _ESL_LINE.match(start):
        return _esl(start)
    raise BadInput("neither JSON nor a form with the field cdr")


def uuid_in(query: str) -> str | None:
    """The ``uuid`` FreeSWITCH appends blindly, also glued into another parameter (``a=b?uuid=…``)."""
    found = _UUID.search(unquote(query))
    return found[1] if found else None


def _unpack(packed: bytes) -> bytes:
    text = packed.decode("latin-1")
    if text.startswith(("{", "%7B", "%7b")):
        return unquote_plus(text, encoding="utf-8", errors="replace").encode()
    # base64 is not escaped by the module: a plus is a plus. A proxy may have escaped it after all.
    bare = re.sub(r"\s", "", unquote(text)).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("the field cdr is neither escaped JSON nor base64") from None


def _object(raw: bytes) -> Mapping[str, Any]:
    found = values.load_json(raw, pairs=_keep_callflows)
    if not isinstance(found, dict):
        raise BadInput("the CDR is not an object")
    return _from_event(found) if "variables" not in found and "Event-Name" in found else found


def _keep_callflows(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in members:
        if key == "callflow" and key in found:
            earlier = found[key] if isinstance(found[key], list) else [found[key]]
            found[key] = [*earlier, value]
        else:
            found[key] = value
    return found


def _esl(raw: bytes) -> Mapping[str, Any]:
    """A plain ESL event: ``Name: value`` lines, values percent-encoded."""
    headers: dict[str, Any] = {}
    for line in raw.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(": ")
        if colon:
            headers.setdefault(name, unquote(value))
    if "Event-Name" not in headers:
        raise BadInput("neither JSON nor a form with the field cdr")
    return _from_event(headers)


def _from_event(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    variables = {name[9:]: value for name, value in headers.items() if name.startswith("variable_")}
    variables.setdefault("uuid", headers.get("Unique-ID"))
    variables.setdefault("hangup_cause", headers.get("Hangup-Cause"))
    return {
        "Event-Name": headers["Event-Name"],
        "channel_data": {"direction": headers.get("Call-Direction")},
        "decoded": True,
        "variables": variables,
        "callflow": [
            {
                "caller_profile": {
                    "username": headers.get("Caller-Username"),
                    "caller_id_number": headers.get("Caller-Caller-ID-Number"),
                    "destination_number": headers.get("Caller-Destination-Number"),
                    "uuid": headers.get("Caller-Unique-ID"),
                },
                "times": {
                    "created_time": headers.get("Caller-Channel-Created-Time"),
                    "answered_time": headers.get("Caller-Channel-Answered-Time"),
                    "bridged_time": headers.get("Caller-Channel-Bridged-Time"),
                    "hangup_time": headers.get("Caller-Channel-Hangup-Time"),
                },
            }
        ],
    }

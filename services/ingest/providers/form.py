"""``application/x-www-form-urlencoded`` bodies, also with PHP's nested keys (``leads[status][0][id]=5``).

Bounded: at most MAX_PAIRS pairs and MAX_DEPTH brackets in a key.
"""

import re
from binascii import a2b_qp
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from services.kit.errors import BadInput

MAX_PAIRS: Final = 50_000
MAX_DEPTH: Final = 16
_NOT_QUOTED_PRINTABLE: Final = re.compile(rb"[=\r\n]")
"""What it would read in its own way."""
_KEY: Final = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


def raw_pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    """Decoded names and values, in order, blank values kept, as bytes (a signature may cover them).

    Raises: BadInput (too_large).
    """
    if raw.count(b"&") >= MAX_PAIRS:
        raise BadInput(f"more than {MAX_PAIRS} form fields", "too_large")
    pairs = []
    for part in raw.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((_decode(name), _decode(value)))
    return pairs


def pairs(raw: bytes | str) -> list[tuple[str, str]]:
    """As ``raw_pairs``, as text; bytes that are not UTF-8 become U+FFFD."""
    encoded = raw.encode("utf-8", "replace") if isinstance(raw, str) else raw
    return [(name.decode("utf-8", "replace"), value.decode("utf-8", "replace")) for name, value in raw_pairs(encoded)]


def flat(raw: bytes | str) -> dict[str, str]:
    """Name → last value."""
    return dict(pairs(raw))


def nested(decoded: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """PHP's reading of nested keys into objects; lists stay objects with the keys ``0, 1, 2…``.

    Raises: BadInput (too_deep).
    """
    root: dict[str, Any] = {}
    for name, value in decoded:
        match = _KEY.fullmatch(name)
        path = [match[1], *match[2][1:-1].split("][")] if match else [name]
        if len(path) > MAX_DEPTH:
            raise BadInput(f"a form field nested deeper than {MAX_DEPTH}", "too_deep")
        _put(root, path, value)
    return root


def without(raw: bytes, unwanted: Callable[[str], bool]) -> bytes:
    """The body without the fields whose decoded name is *unwanted*; every other byte stays as it was."""
    return b"&".join(
        part for part in raw.split(b"&") if not unwanted(_decode(part.partition(b"=")[0]).decode("utf-8", "replace"))
    )


def _put(root: dict[str, Any], path: list[str], value: str) -> None:
    node = root
    for part in path[:-1]:
        key = part or str(len(node))
        inner = node.get(key)
        if not isinstance(inner, dict):
            inner = node[key] = {}
        node = inner
    node[path[-1] or str(len(node))] = value


def _decode(part: bytes) -> bytes:
    plain = part.replace(b"+", b" ")
    escapes = plain.count(b"%")
    if not escapes:
        return plain
    if not _NOT_QUOTED_PRINTABLE.search(plain):
        # Quoted-printable is the same but for its sign, and decoded in C. Three bytes became one for each true escape.
        decoded = a2b_qp(plain.replace(b"%", b"="))
        if len(plain) - len(decoded) == 2 * escapes:
            return decoded
    return unquote_to_bytes(plain)

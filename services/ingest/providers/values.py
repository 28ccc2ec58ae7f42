"""Readings of values as vendors really send them: empty strings, numbers in strings, lists for objects, stray bytes.

Every reading gives a clean value or None; none raises but ``load_json``. Texts lose NUL and lone surrogates
(PostgreSQL and UTF-8 refuse them) and are cut at a length an index can hold.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from schemas.facts import Direction
from services.kit.errors import BadInput

TEXT_LIMIT: Final = 200
_DIRECTIONS: Final = {
    "outbound": "outbound",
    "outgoing": "outbound",
    "out": "outbound",
    "inbound": "inbound",
    "incoming": "inbound",
    "in": "inbound",
    "internal": "internal",
    "local": "internal",
}
_NUMBER: Final = re.compile(r"\s*[-+]?\d{1,24}(\.\d{0,24})?\s*")
_EXTENSION: Final = re.compile(r"[0-9]{1,9}")

Pairs = Callable[[list[tuple[str, Any]]], Any]


def load_json(raw: bytes | str, pairs: Pairs | None = None) -> Any:
    """The JSON value of *raw* (UTF-8, a byte order mark and broken characters tolerated); NaN and Infinity are None.

    Raises: BadInput (unparseable, too_deep).
    """
    text_ = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    try:
        return json.loads(text_.lstrip("\ufeff"), parse_constant=lambda _: None, object_pairs_hook=pairs)
    except RecursionError:
        raise BadInput("the JSON is nested too deep", "too_deep") from None
    except ValueError as error:
        raise BadInput(f"not JSON: {str(error)[:120]}") from None


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """A non-empty text of at most *limit* characters; numbers become their digits."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        value = int(value) if value.is_integer() else value
    if not isinstance(value, str | int | float):
        return None
    try:
        clean = str(value)[: limit * 4]
    except ValueError:  # an integer of thousands of digits
        return None
    clean = clean.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()
    return clean[:limit].rstrip() or None


def number(value: object) -> float | None:
    """A finite number, also out of a text such as ``"49"`` or ``"49.0"``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, int | float):
        try:
            found = float(value)
        except OverflowError:
            return None
        return found if math.isfinite(found) else None
    return None


def integer(value: object, largest: int = 2**31 - 1) -> int | None:
    """A whole number of at most *largest* in size; fractions are cut."""
    found = number(value)
    return int(found) if found is not None and abs(found) <= largest else None


def seconds(value: float) -> int | float:
    """Seconds as facts carry them: not negative, to the millisecond, whole when they are whole."""
    rounded = round(max(0.0, value), 3)
    return int(rounded) if rounded.is_integer() else rounded


def mapping(value: object) -> Mapping[str, Any]:
    """The object itself; the first object of a list; else an empty one."""
    if isinstance(value, Mapping):
        return cast(Mapping[str, Any], value)
    if isinstance(value, list | tuple):
        return next((mapping(item) for item in value if isinstance(item, Mapping)), {})
    return {}


def items(value: object) -> Iterator[Any]:
    """Members of a list, or of an object whose keys are ``0, 1, 2…`` as PHP forms write lists."""
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from value


def reach(node: object, path: str) -> object:
    """What stands at ``a.b.0.c`` (or ``a.b[0].c``), or None."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(node, Mapping):
            node = node.get(part)
        elif isinstance(node, list | tuple) and part.isdecimal() and len(part) < 6:
            node = node[int(part)] if int(part) < len(node) else None
        else:
            return None
    return node


def direction(value: object) -> Direction | None:
    """Our word for a vendor's plain word of direction, or None."""
    word = text(value)
    return cast("Direction | None", _DIRECTIONS.get(word.lower())) if word else None


def number_part(address: str | None) -> str | None:
    """``sip:+7495@host;x=1`` → ``+7495``; ``tel:`` likewise; a plain number stays."""
    if address is None:
        return None
    bare = re.sub(r"^(sips?|tel|client):", "", address.strip().strip("<>"), flags=re.IGNORECASE)
    return bare.split("@")[0].split(";")[0] or None


def digits(address: str | None) -> str | None:
    """The digits of a telephone number (``sip:`` and host cut off); None for what is not a number."""
    bare = number_part(address)
    if bare is None or re.search(r"[^\d\s()+.\-]", bare):
        return None
    return "".join(char for char in bare if char.isascii() and char.isdigit()) or None


def is_extension(address: str | None, longest: int = 5) -> bool:
    """Whether it looks like an internal number: digits only, at most *longest* of them, no plus."""
    bare = number_part(address)
    return bool(bare) and bool(_EXTENSION.fullmatch(bare or "")) and len(bare or "") <= longest

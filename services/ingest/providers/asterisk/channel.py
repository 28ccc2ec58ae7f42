"""Channel names (``PJSIP/201-0000000a``) and numbers: which is an agent's extension, which a trunk."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, Literal, cast, get_args

from schemas.facts import Direction
from services.ingest.providers import values
from services.kit.errors import BadInput

Side = Literal["extension", "trunk", "local"]
Number = Literal["extension", "number", "other"]
"""``other``: a feature code, a service extension such as ``s``, a name."""

_MOVED: Final = re.compile(r"^(?:AsyncGoto|Transfered|Parked|Surrogate|Bridge)/(?=[A-Za-z0-9_]+/)|<(?:ZOMBIE|MASQ)>$")
_SUFFIX: Final = re.compile(r"-([0-9a-f]{8,16}|\d{1,7})$")
_LINE_SUFFIX: Final = re.compile(r"-([0-9a-f]{1,8})$")
_HALF: Final = re.compile(r";([12])$")
_FOLLOW_ME: Final = re.compile(r"(?:FMPR|FMGL|LC)-(\d+)#?")
_LINES: Final = frozenset({"dahdi", "zap", "misdn", "mobile", "dongle", "quectel", "khomp"})
_DIGITS: Final = re.compile(r"\d{2,6}")
_RANGE: Final = re.compile(r"(\d{1,9})-(\d{1,9})")

CONTEXTS: Final[Mapping[Direction, tuple[str, ...]]] = {
    "inbound": (
        "from-trunk*",
        "from-pstn*",
        "from-did*",
        "from-dahdi*",
        "from-zaptel*",
        "from-sip-external",
        "ext-did*",
    ),
    "outbound": ("from-internal*", "outbound-allroutes", "outrt-*"),
}
"""What FreePBX calls the place a call comes from; asked only when the channels do not tell."""


@dataclass(frozen=True, slots=True)
class Channel:
    """``key`` names the channel without any number dialled over it; ``half`` of a Local pair: 1, 2 or 0."""

    tech: str
    name: str
    key: str
    half: int = 0

    @property
    def local(self) -> bool:
        return self.tech == "local"


def channel(text: str | None) -> Channel | None:
    """None for what is no channel name."""
    bare = _MOVED.sub("", text.strip()) if text else ""
    tech, slash, rest = bare.partition("/")
    if not slash or not rest or not tech:
        return None
    half = _HALF.search(rest)
    if half:
        rest = rest[: half.start()]
    tech = tech.lower()
    if tech == "local":
        name = rest.partition("@")[0]
        follow = _FOLLOW_ME.fullmatch(name)
        return Channel(tech, follow[1] if follow else name, f"local/{rest}", int(half[1]) if half else 0)
    suffix = (_LINE_SUFFIX if tech in _LINES else _SUFFIX).search(rest)
    named = (rest[: suffix.start()] if suffix else rest).partition("/")[0] or rest
    return Channel(tech, named, f"{tech}/{named}-{suffix[1] if suffix else ''}", int(half[1]) if half else 0)


class Sides:
    """The options ``trunks``, ``extensions`` and ``contexts`` of a source. Raises: BadInput when one has a wrong shape."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._trunks = _patterns("trunks", options.get("trunks"))
        self._extensions = _patterns("extensions", options.get("extensions"))
        self._contexts = _contexts(options.get("contexts"))

    def of(self, found: Channel | None) -> Side | None:
        if found is None:
            return None
        if found.local:
            return "local"
        if _any(self._trunks, found.name):
            return "trunk"
        if self._extensions:
            return "extension" if _any(self._extensions, found.name) else "trunk"
        return "extension" if found.tech not in _LINES and _DIGITS.fullmatch(found.name) else "trunk"

    def extension(self, found: Channel | None) -> str | None:
        """The agent's extension; a Local channel points to the one it dials."""
        if found is None or (
            self.of(found) != "extension" and not (found.local and self.number(found.name) == "extension")
        ):
            return None
        return found.name

    def number(self, text: str | None) -> Number | None:
        bare = values.number_part(text)
        if bare is None:
            return None
        if _any(self._extensions, bare) if self._extensions else _DIGITS.fullmatch(bare):
            return "extension"
        return "number" if len(values.digits(bare) or "") > 2 else "other"

    def configured(self, context: str | None) -> Direction | None:
        return _direction(self._contexts, context)

    def usual(self, context: str | None) -> Direction | None:
        return _direction(CONTEXTS, context)


def _direction(contexts: Mapping[Direction, tuple[str, ...]], context: str | None) -> Direction | None:
    if not context:
        return None
    return next((word for word, patterns in contexts.items() if _any(patterns, context)), None)


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return any(_fits(pattern, name) for pattern in patterns)


def _fits(pattern: str, name: str) -> bool:
    """The name itself, a pattern (``op*``, ``2??``), or a range of numbers (``100-299``)."""
    span = _RANGE.fullmatch(pattern)
    if span and name.isdecimal() and len(name) < 10:
        return int(span[1]) <= int(name) <= int(span[2])
    return fnmatchcase(name.lower(), pattern.lower())


def _patterns(option: str, value: object) -> tuple[str, ...]:
    given = value if isinstance(value, list | tuple) else [] if value is None else [value]
    found = [values.text(one) for one in given]
    if None in found:
        raise BadInput(f"options.{option} of this source must be a list of names, patterns or ranges", "bad_value")
    return tuple(text for text in found if text)


def _contexts(value: object) -> Mapping[Direction, tuple[str, ...]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not set(value) <= set(get_args(Direction)):
        raise BadInput(
            "options.contexts of this source must be {inbound: […], outbound: […], internal: […]}", "bad_value"
        )
    return {cast(Direction, word): _patterns(f"contexts.{word}", names) for word, names in value.items()}

"""``SessionId`` is a live credential when it is filled: what stands in it is cut out, every other byte stays.

Expat says where an element's content begins and ends, whatever its prefix and the body's encoding.
"""

from dataclasses import dataclass, field, replace
from typing import Final
from xml.parsers import expat

from services.ingest.providers.base import Request

NAME: Final = "SessionId"
_SEPARATOR: Final = " "


@dataclass(slots=True)
class Spans:
    """Byte ranges of the contents of every SessionId, in order."""

    found: list[tuple[int, int]] = field(default_factory=list)
    depth: int = 0
    begin: int | None = None
    """Where the content of the element that is open began; None until anything was seen in it."""

    def started(self, name: str, at: int) -> None:
        if self.depth:
            self.inside(at)
            self.depth += 1
        elif name.rpartition(_SEPARATOR)[2] == NAME:
            self.depth = 1

    def inside(self, at: int) -> None:
        if self.depth and self.begin is None:
            self.begin = at

    def ended(self, at: int) -> None:
        if self.depth:
            self.depth -= 1
            if self.depth == 0:
                if self.begin is not None:
                    self.found.append((self.begin, at))
                self.begin = None


def redact(request: Request) -> Request:
    """Without the sessions. A body that is no XML carries none that could be used."""
    if NAME.encode() not in request.body.replace(b"\x00", b""):
        return request
    try:
        found = _spans(request.body)
    except (expat.ExpatError, ValueError, LookupError):
        return request
    kept, after = [], 0
    for begin, end in found:
        kept.append(request.body[after:begin])
        after = end
    return replace(request, body=b"".join([*kept, request.body[after:]]))


def _spans(body: bytes) -> list[tuple[int, int]]:
    """Raises: ExpatError, ValueError."""
    spans = Spans()
    parser = expat.ParserCreate(None, _SEPARATOR)
    parser.StartElementHandler = lambda name, attributes: spans.started(name, parser.CurrentByteIndex)
    parser.EndElementHandler = lambda name: spans.ended(parser.CurrentByteIndex)
    parser.CharacterDataHandler = lambda data: spans.inside(parser.CurrentByteIndex)
    parser.CommentHandler = lambda data: spans.inside(parser.CurrentByteIndex)
    parser.ProcessingInstructionHandler = lambda target, data: spans.inside(parser.CurrentByteIndex)
    parser.StartCdataSectionHandler = lambda: spans.inside(parser.CurrentByteIndex)
    parser.EntityDeclHandler = _refuse
    parser.Parse(body, True)
    return spans.found


def _refuse(*told: object) -> None:
    raise ValueError("entities are refused")

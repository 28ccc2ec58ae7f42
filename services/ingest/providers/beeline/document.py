"""The XML of an event, or its JSON image, as plain objects.

Element names lose their prefix (senders bind different ones, or none), attributes become ``@name`` and lose theirs,
declarations of namespaces are dropped. Entities are refused. Of the JSON images both are read: of xml2js (``$``, ``_``,
every element in a list) and of xmltodict (``@``, ``#text``).
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.parsers.expat import ExpatError

import xmltodict

from services.ingest.providers import values
from services.kit.errors import BadInput

MAX_DEPTH: Final = 32
TEXT: Final = "#text"


def read(body: bytes) -> Mapping[str, Any]:
    """Raises: BadInput (unparseable, too_deep)."""
    bare = body.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    if not bare.startswith(b"<") and bare[:1] in (b"{", b"["):
        return values.mapping(_of_json(values.load_json(bare), 0))
    try:
        return values.mapping(xmltodict.parse(bare, postprocessor=_of_xml))  # type: ignore[arg-type]
    except (ExpatError, ValueError, LookupError) as error:  # ValueError: entities, or an encoding that cannot be
        raise BadInput(f"not XML: {str(error)[:120]}") from error


def text(node: object, limit: int = values.TEXT_LIMIT) -> str | None:
    """The text of an element, whether or not it carries attributes; of several the first."""
    if isinstance(node, list):
        node = node[0] if node else None
    return values.text(node.get(TEXT) if isinstance(node, Mapping) else node, limit)


def local(name: str) -> str:
    """``xsi:CallReleasedEvent`` → ``CallReleasedEvent``."""
    return name.rpartition(":")[2]


def _of_xml(path: list[Any], key: str, value: Any) -> tuple[str, Any] | None:
    if len(path) > MAX_DEPTH:
        raise BadInput(f"an element nested deeper than {MAX_DEPTH}", "too_deep")
    return _attribute(key[1:], value) if key.startswith("@") else (local(key), value)


def _attribute(name: str, value: Any) -> tuple[str, Any] | None:
    return None if name == "xmlns" or name.startswith("xmlns:") else (f"@{local(name)}", value)


def _of_json(node: Any, depth: int) -> Any:
    if depth > 2 * MAX_DEPTH:  # every element is a list and an object
        raise BadInput("the JSON is nested too deep", "too_deep")
    if isinstance(node, list):
        members = [_of_json(member, depth + 1) for member in node]
        return members[0] if len(members) == 1 else members
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {}
    for key, value in node.items():
        if key == "$":
            pairs = [_attribute(name, inner) for name, inner in values.mapping(value).items()]
            found |= dict(pair for pair in pairs if pair)
        elif key.startswith("@"):
            pair = _attribute(key[1:], value)
            found |= dict([pair]) if pair else {}
        else:
            found[TEXT if key == "_" else local(key)] = _of_json(value, depth + 1)
    return found

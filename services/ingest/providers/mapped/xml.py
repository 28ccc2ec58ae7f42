"""XML into plain objects: attributes as ``@name``, text beside them as ``#text``, repeated elements as a list.

Entities are refused; so is what is nested deeper than MAX_DEPTH.
"""

from collections.abc import Mapping
from typing import Any, Final
from xml.parsers.expat import ExpatError

import xmltodict

from services.kit.errors import BadInput

MAX_DEPTH: Final = 64


class _Prefixes(dict[str, str]):
    """URI → our prefix; "" for all others, whose names then stand bare."""

    def __missing__(self, uri: str) -> str:
        return ""


def tree(raw: bytes, namespaces: Mapping[str, str]) -> Any:
    """*namespaces*: our prefix → URI. Without any, prefixes are cut off as they are written.

    Raises: BadInput (unparseable, too_deep).
    """
    try:
        if namespaces:
            prefixes = _Prefixes({uri: prefix for prefix, uri in namespaces.items()})
            return xmltodict.parse(raw, process_namespaces=True, namespaces=prefixes, postprocessor=_member)
        return xmltodict.parse(raw, postprocessor=_bare_member)
    except (ExpatError, ValueError, LookupError) as error:
        raise BadInput(f"not XML: {str(error)[:120]}") from None


def _member(path: list[Any], key: str, value: Any) -> Any:
    """None leaves a declaration of a namespace out."""
    if len(path) > MAX_DEPTH:
        raise BadInput(f"XML nested deeper than {MAX_DEPTH}", "too_deep")
    return None if key == "@xmlns" or key.startswith("@xmlns:") else (key, value)


def _bare_member(path: list[Any], key: str, value: Any) -> Any:
    if _member(path, key, value) is None:
        return None
    mark = "@" if key.startswith("@") else ""
    return mark + key.removeprefix("@").rpartition(":")[2], value

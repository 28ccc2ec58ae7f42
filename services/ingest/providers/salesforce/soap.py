"""The envelope of an outbound message, by namespaces: prefixes are the sender's choice. Entities are refused."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.parsers.expat import ExpatError

import xmltodict

from services.ingest.providers import values
from services.kit.errors import BadInput

NAMESPACES: Final[dict[str, str]] = {
    "http://schemas.xmlsoap.org/soap/envelope/": "soap",
    "http://www.w3.org/2003/05/soap-envelope": "soap",
    "http://soap.sforce.com/2005/09/outbound": "out",
    "urn:sobject.enterprise.soap.sforce.com": "sf",
    "urn:sobject.partner.soap.sforce.com": "sf",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi",
}
_ID: Final = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")


def read(body: bytes) -> list[Mapping[str, Any]]:
    """Every ``notifications`` element. Raises: BadInput."""
    try:
        tree = xmltodict.parse(body, process_namespaces=True, namespaces=NAMESPACES)
    except (ExpatError, ValueError, LookupError) as error:
        raise BadInput(f"not XML: {str(error)[:120]}") from None
    inner = values.reach(tree, "soap:Envelope.soap:Body")
    found = [one for one in elements(values.mapping(inner), "out:notifications") if isinstance(one, Mapping)]
    if not found:
        raise BadInput("not an outbound message: no notifications in a SOAP body")
    return found


def elements(node: Mapping[str, Any], name: str) -> Iterator[Any]:
    """The children of one name, be it none, one or several."""
    inner = node.get(name)
    if isinstance(inner, list):
        yield from inner
    elif inner is not None:
        yield inner


def notifications(messages: list[Mapping[str, Any]]) -> Iterator[Any]:
    for message in messages:
        yield from elements(message, "out:Notification")


def organizations(messages: list[Mapping[str, Any]]) -> list[str]:
    """Every OrganizationId of every message; "" for a message that names none."""
    found = []
    for message in messages:
        named = [text(one) or "" for one in elements(message, "out:OrganizationId")]
        found += named or [""]
    return found


def is_id(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def short_id(value: str) -> str:
    """The 15 characters that an id's longer form (3 more, of its letter cases) begins with."""
    return value[:15]


def text(node: object) -> str | None:
    """The text of an element, the first of several; None when it is empty or ``xsi:nil``."""
    if isinstance(node, list):
        node = node[0] if node else None
    if isinstance(node, Mapping):
        node = None if node.get("@xsi:nil") in ("true", "1") else node.get("#text")
    return values.text(node)

"""Whether a request that changes something comes from the board's own pages."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def from_own_pages(headers: Mapping[str, str]) -> bool:
    """Every browser says where a POST comes from, by ``Origin`` or ``Sec-Fetch-Site``; whoever says neither is refused.

    A proxy with TLS before the board changes the scheme, so hosts are compared, not whole origins.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return False
    if site not in (None, "same-origin"):
        return False
    if origin is None:
        return True
    host = urlsplit(origin).netloc.lower()
    return host != "" and host == headers.get("host", "").lower()


def from_own_form(headers: Mapping[str, str]) -> bool:
    """Of a plain form: under our ``Referrer-Policy: no-referrer`` its ``Origin`` is ``null``, so ``Sec-Fetch-Site`` decides."""
    site = headers.get("sec-fetch-site")
    return site == "same-origin" if site is not None else from_own_pages(headers)


def is_json(headers: Mapping[str, str]) -> bool:
    """No form of another site can send this type without asking first."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def is_loopback(address: str) -> bool:
    """Does a server bound to *address* hear nobody but this machine?"""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address.lower() == "localhost"

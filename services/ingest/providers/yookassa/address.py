"""Whether a notification came from YooKassa's addresses, by the header in which a trusted proxy says so.

Source: yookassa.ru/developers/using-api/webhooks (2026). A request shows us no peer address: without a proxy of your
own that sets the header (and removes what a sender put there) this check cannot be made.
"""

import ipaddress
from collections.abc import Mapping
from typing import Final

from services.ingest.providers.base import Unauthorized

RANGES: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "185.71.76.0/27",
        "185.71.77.0/27",
        "77.75.153.0/25",
        "77.75.154.128/25",
        "77.75.156.11/32",
        "77.75.156.35/32",
        "2a02:5180::/32",
    )
)


def check(headers: Mapping[str, str], header: object) -> None:
    """*header*: ``sources[].options.address_header``; None: nothing is checked. Of a list the last one counts: it is
    what the nearest proxy saw.

    Raises: Unauthorized.
    """
    if header is None:
        return
    if not isinstance(header, str) or not header:
        raise Unauthorized("sources[].options.address_header must be the name of a header", "misconfigured")
    given = headers.get(header.strip().lower(), "").rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(given.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise Unauthorized(f"the header {header} holds no address", "bad_signature") from None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not any(address in network for network in RANGES):
        raise Unauthorized("the sender's address is none of YooKassa", "bad_signature")

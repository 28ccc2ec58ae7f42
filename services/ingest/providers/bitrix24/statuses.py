"""Bitrix24's ``CALL_FAILED_CODE`` into our dispositions.

Source: dev.1c-bitrix.ru, "Справочник кодов и типов". Codes are SIP statuses but 304 and 603-S.
"""

from typing import Final

from schemas.facts import Direction, Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "200": "answered",
    "304": "no_answer",  # doubtful: "missed"; came with the reason "Call canceled" on an outgoing call
    "402": "failed",  # the account has no money: our side
    "403": "failed",
    "404": "failed",
    "423": "failed",
    "480": "no_answer",
    "484": "failed",
    "486": "busy",
    "487": "canceled",  # not in the table of codes; Voximplant's own list has it
    "503": "congestion",
    "603": "rejected",
    "603-S": "canceled",  # cancelled by ourselves
    "OTHER": "failed",
}
"""Code → disposition; a code that is not here is ``failed``."""

_NOT_SIP: Final = (304,)

DIRECTIONS: Final[dict[int, Direction]] = {
    1: "outbound",
    2: "inbound",
    3: "inbound",  # redirected to a mobile
    4: "outbound",  # callback: we dial the customer who asked for it
}
INFO_CALL: Final = 5
"""A robot reads a text to a customer: nobody of ours talks, so it is no one's attempt."""


def sip_status(code: str) -> int | None:
    """The SIP status of a code, or None for the vendor's own codes (``603-S``, 304, OTHER)."""
    if not code.isdecimal() or not 200 <= int(code[:6]) < 700 or int(code) in _NOT_SIP:
        return None
    return int(code)

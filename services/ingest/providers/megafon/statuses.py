"""The ``status`` of MegaFon's history into our dispositions. Case varies between sources: ``missed``, ``Missed``.

Source: comments of public integrations (Gravitel, Kcell: the same platform). ``missedStatus`` was seen once, with a
meaning nobody tells: not read.
"""

from typing import Final

from schemas.facts import Disposition

STATUSES: Final[dict[str, Disposition]] = {
    "success": "answered",
    "missed": "no_answer",
    "cancel": "canceled",
    "busy": "busy",
    "notavailable": "no_answer",  # "the subscriber is not available"
    "notallowed": "failed",  # "calls to this direction are forbidden"
    "notfound": "failed",  # doubtful: named by one integration only
}
"""Word in small letters → disposition; an unknown or missing word is ``no_answer``, the least that can be said."""

Q850: Final[dict[str, int]] = {
    # No cause is sent. Only where "failed" alone would look like a fault of the line:
    "notallowed": 52,
    "notfound": 1,
}


def word(value: str | None) -> str:
    """``Not Available`` and ``NOT_AVAILABLE`` are ``notavailable``; ``Cancelled`` is ``cancel``."""
    plain = "".join(char for char in (value or "").lower() if char.isalpha())
    return "cancel" if plain in ("canceled", "cancelled") else plain


def disposition(value: str | None) -> Disposition:
    return STATUSES.get(word(value), "no_answer")


def q850(value: str | None) -> int | None:
    return Q850.get(word(value))

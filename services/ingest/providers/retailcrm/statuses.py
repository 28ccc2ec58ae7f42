"""RetailCRM's statuses of a payment into whether the money is there.

Codes are the account's own reference book; these are its usual ones (``paid`` and ``not-paid`` are seen in real data,
the others are the standard set of a new account). ``options.paid_statuses`` replaces those that mean paid.
"""

from typing import Final

from schemas import facts
from services.ingest.providers import deals
from services.ingest.providers.base import Source
from services.ingest.providers.deals import Deal
from services.kit.errors import BadInput

STATUSES: Final[dict[str, bool]] = {
    "paid": True,
    "not-paid": False,
    "payment-start": False,
    "wait-approved": False,
    "invoice": False,
    "fail": False,
    "canceled": False,
    "returned": False,  # doubtful: the code that accounts usually give to money given back
}
"""Code → paid; a code that is not here is not paid."""


def payments_count(source: Source) -> bool:
    """Whether payments marked paid are the payments: unless a status of the order is. ``won`` means nothing else here."""
    counts = source.config.counts.payment
    return counts is None or counts.won


def kinds(order: Deal, source: Source) -> list[str]:
    """What the order gives by its status."""
    found = deals.kinds(order, source)
    return [kind for kind in found if kind != facts.PAYMENT or not payments_count(source)]


def is_paid(code: str | None, source: Source) -> bool:
    """Raises: BadInput when the option is no list of codes."""
    option = source.config.options.get("paid_statuses")
    if option is None:
        return code is not None and STATUSES.get(code, False)
    if not isinstance(option, list | tuple) or not all(isinstance(one, str) for one in option):
        raise BadInput("sources[].options.paid_statuses must be a list of codes", "bad_value")
    return code in option

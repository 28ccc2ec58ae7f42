"""What one message says about one payment, or about one order that came to a counted status: a leg.

A payment is told in pieces, over many pages: its amount when the order is made, that it was paid, un-paid, paid again.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from services.ingest.providers import values
from services.ingest.providers.base import Leg

PAYMENT: Final = "payment:"
ORDER: Final = "order:"
"""Calls: ``payment:<id>``; ``order:<type of fact>:<id>``."""
ID: Final = 60
_SUMS: Final = ("totalSumm", "summ", "prepaySum", "purchaseSumm")
_FIELDS: Final = ("id", "externalId", "number", "managerId", "site", "status", "orderType", "orderMethod")


def of_payment(payment: str, name: str, at: datetime, seq: int, **said: Any) -> Leg:
    """``seq``: id of the history entry, 0 for what comes from elsewhere (then ``at`` orders)."""
    return _leg(PAYMENT + payment, name, at, seq, said)


def of_order(kind: str, order: str, name: str, at: datetime, seq: int, **said: Any) -> Leg:
    return _leg(f"{ORDER}{kind}:{order}", name, at, seq, said)


def _leg(call: str, name: str, at: datetime, seq: int, said: Mapping[str, Any]) -> Leg:
    known = {key: value for key, value in said.items() if value is not None and value != {}}
    return Leg(call, name, {"at": at.isoformat(), "seq": seq, **known})


def amount(value: object) -> str | None:
    """Major units as a text: what a float shows when it is printed, never its binary value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value).strip()[:40])
    except (InvalidOperation, ValueError):
        return None
    return str(found) if found.is_finite() and found >= 0 and found.adjusted() < 18 else None


def sums(order: Mapping[str, Any]) -> dict[str, str]:
    """The sums of an order by their names."""
    found = {name: amount(order.get(name)) for name in _SUMS}
    return {name: value for name, value in found.items() if value is not None}


def fields(order: Mapping[str, Any]) -> dict[str, str]:
    """The plain fields of an order that ``counts.*.field`` may ask for; nothing about the customer."""
    found = {name: values.text(order.get(name), 100) for name in _FIELDS}
    return {name: value for name, value in found.items() if value is not None}


def manager(order: Mapping[str, Any]) -> str | None:
    return values.text(order.get("managerId"), 100)


def code(value: object) -> str | None:
    """``{"code": "paid"}``, or the code itself."""
    return values.text(value.get("code") if isinstance(value, Mapping) else value, 100)

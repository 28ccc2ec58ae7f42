"""A payment or a refund of YooKassa, as its API shows it, into the one fact it is; its own id is the fact's."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import Payment
from services.ingest.providers import instants, metadata, money, values
from services.ingest.providers.base import Draft, Ignored, Source
from services.ingest.providers.yookassa import statuses
from services.kit.errors import BadInput

_ID: Final = re.compile(r"[\w-][\w.-]{0,99}", re.ASCII)


def is_id(text: str) -> bool:
    """Whether it may stand in an address."""
    return _ID.fullmatch(text) is not None


def payment(thing: Mapping[str, Any], name: str, source: Source) -> Draft | Ignored:
    """Raises: BadInput."""
    return _draft(facts.PAYMENT, thing, name, name, source)


def refund(thing: Mapping[str, Any], name: str, source: Source) -> Draft | Ignored:
    """Raises: BadInput."""
    return _draft(facts.REFUND, thing, name, paid_by(thing) or name, source)


def paid_by(refunded: Mapping[str, Any]) -> str | None:
    """The payment that a refund gives back."""
    found = values.text(refunded.get("payment_id"), 100)
    return found if found is not None and is_id(found) else None


def people(thing: Mapping[str, Any], source: Source) -> dict[str, str]:
    """``identity``, ``deal`` and ``invoice`` of what a payment says, those of them that it says. Raises: BadInput."""
    options, holder = source.config.options, [thing.get("metadata")]
    deal = metadata.named(holder, metadata.keys(options.get("deal"), "deal", metadata.DEAL))
    invoice = values.text(values.mapping(thing.get("invoice_details")).get("id"), 100)
    found = {
        "identity": metadata.named(holder, metadata.keys(options.get("identity"), "identity", metadata.IDENTITY)),
        "deal": f"{source.id}:{deal}" if deal else None,
        "invoice": f"{source.id}:{invoice}" if invoice else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _draft(type_: str, thing: Mapping[str, Any], name: str, paid: str, source: Source) -> Draft | Ignored:
    status = values.text(thing.get("status"), 40)
    if not statuses.moved(status):
        return Ignored("not_counted", f"{name}: status {status}")
    if thing.get("test") is True and source.config.options.get("count_test") is not True:
        return Ignored("not_counted", f"{name}: a test payment")
    amount, currency = _amount(thing, name, source)
    if amount == 0:
        return Ignored("not_counted", f"{name}: nothing was paid")
    at = _when(thing, name)
    data = Payment(
        payment=f"{source.id}:{paid}", at=at, amount_minor=amount, currency=currency, **people(thing, source)
    )
    return Draft(type_, name, at, data)


def _amount(thing: Mapping[str, Any], name: str, source: Source) -> tuple[int, str]:
    """(minor units, currency); the value is a text, in places a number. Raises: BadInput."""
    given = values.mapping(thing.get("amount"))
    currency = (values.text(given.get("currency"), 10) or source.currency or "").upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise BadInput(f"{name}: no currency", "missing_field")
    amount = money.minor(given.get("value"), currency)
    if amount is None:
        raise BadInput(f"{name}: amount.value is no amount", "bad_value")
    return amount, currency


def _when(thing: Mapping[str, Any], name: str) -> datetime:
    for key in ("captured_at", "created_at"):
        found = instants.from_iso(thing.get(key), "UTC")
        if found is not None:
            return found
    raise BadInput(f"{name}: neither captured_at nor created_at", "missing_field")

"""One snapshot event of Stripe into legs and facts.

One payment is told by up to four events. Its id is the one they have in common: the payment intent; a charge without
one; an invoice that names neither. Since API 2025-03-31 an invoice no longer names its payment intent, and the intent
names its invoice (``payment_details.order_reference``): then the invoice is the id.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import InvoiceIssued
from services.ingest.providers import instants, metadata, values
from services.ingest.providers.base import Draft, Ignored, Leg, Source
from services.ingest.providers.stripe import amounts
from services.ingest.providers.stripe.statuses import OF_AN_INVOICE, STATUSES
from services.kit.errors import BadInput

REFUND: Final = "refund:"
"""Calls of refunds begin with this; what follows is the charge."""
Part = Draft | Leg | Ignored
_ID: Final = 120


def parts(event: Mapping[str, Any], source: Source) -> Iterator[Part]:
    """Raises: BadInput."""
    type_ = values.text(event.get("type"), 100)
    if type_ is None:
        raise BadInput("no type", "unknown_event")
    meaning = STATUSES.get(type_)
    thing = values.mapping(values.mapping(event.get("data")).get("object"))
    if meaning is None:
        yield Ignored("not_counted", type_)
        return
    if not thing:
        raise BadInput(f"{type_} without data.object", "missing_field")
    at = instants.from_epoch(event.get("created"))
    if meaning == "issued":
        yield _issued(thing, at, source)
    elif meaning == "invoice":
        yield from _paid_invoice(thing, at, source)
    elif meaning == "payment_intent":
        yield _intent(thing, at, source)
    elif meaning == "charge":
        yield _charge(thing, at, source)
    else:
        yield _refund(thing, at, source)


def _issued(invoice: Mapping[str, Any], at: datetime | None, source: Source) -> Draft:
    name = _own_id(invoice)
    due = invoice.get("amount_due")
    amount, currency = _money(due if due is not None else invoice.get("total"), invoice)
    when = _when(values.mapping(invoice.get("status_transitions")).get("finalized_at"), at)
    identity, deal = _people(_metadata_of(invoice), source)
    issued = InvoiceIssued(
        invoice=f"{source.id}:{name}", deal=deal, identity=identity, at=when, amount_minor=amount, currency=currency
    )
    return Draft(facts.INVOICE, name, when, issued)


def _paid_invoice(invoice: Mapping[str, Any], at: datetime | None, source: Source) -> Iterator[Part]:
    name = _own_id(invoice)
    amount, currency = _money(invoice.get("amount_paid"), invoice)
    if amount == 0:
        yield Ignored("not_counted", f"invoice {name} of nothing was paid")
        return
    when = _when(values.mapping(invoice.get("status_transitions")).get("paid_at"), at)
    told = {"currency": currency, "at": when, "invoice": name}
    listed = _listed(invoice)
    for payment, paid in listed:
        part = amounts.minor(paid, currency) if len(listed) > 1 else None
        yield _leg(payment, name, "invoice", {**told, "amount": part or amount}, _metadata_of(invoice), source)
    if not listed:
        payment = _id(invoice.get("payment_intent")) or _id(invoice.get("charge")) or name
        yield _leg(payment, name, "invoice", {**told, "amount": amount}, _metadata_of(invoice), source)


def _intent(intent: Mapping[str, Any], at: datetime | None, source: Source) -> Part:
    name = _own_id(intent)
    received = intent.get("amount_received")
    amount, currency = _money(received if received is not None else intent.get("amount"), intent)
    if intent.get("status") not in (None, "succeeded") or amount == 0:
        return Ignored("not_counted", f"payment intent {name}: {values.text(intent.get('status'), 40)}")
    reference = _id(values.mapping(intent.get("payment_details")).get("order_reference"))
    if "invoice" not in intent and reference is None and _describes_an_invoice(intent):
        return Ignored("not_counted", f"payment intent {name} is of an invoice, which tells of the payment itself")
    invoice = reference if reference is not None and reference.startswith("in_") else None
    told = {"amount": amount, "currency": currency, "at": _when(at), "invoice": invoice or _id(intent.get("invoice"))}
    return _leg(invoice or name, name, "payment_intent", told, [intent.get("metadata")], source)


def _charge(charge: Mapping[str, Any], at: datetime | None, source: Source) -> Part:
    name = _own_id(charge)
    captured = charge.get("amount_captured")
    amount, currency = _money(captured if captured is not None else charge.get("amount"), charge)
    if charge.get("captured") is False or charge.get("status") not in (None, "succeeded") or amount == 0:
        return Ignored("not_counted", f"charge {name}: held, not captured")
    if "invoice" not in charge and _describes_an_invoice(charge):
        return Ignored("not_counted", f"charge {name} is of an invoice, which tells of the payment itself")
    told = {"amount": amount, "currency": currency, "at": _when(at), "invoice": _id(charge.get("invoice"))}
    return _leg(_payment_of(charge), name, "charge", told, [charge.get("metadata")], source)


def _describes_an_invoice(thing: Mapping[str, Any]) -> bool:
    return str(thing.get("description") or "").strip().lower() in OF_AN_INVOICE


def _refund(charge: Mapping[str, Any], at: datetime | None, source: Source) -> Part:
    """``amount_refunded`` is the sum of all refunds so far: each sum is a leg, the greatest is the fact."""
    name = _own_id(charge)
    amount, currency = _money(charge.get("amount_refunded"), charge)
    if amount == 0:
        return Ignored("not_counted", f"charge {name}: nothing was refunded")
    told = {
        "amount": amount,
        "currency": currency,
        "at": _when(at),
        "invoice": _id(charge.get("invoice")),
        "payment": _payment_of(charge),
    }
    return _leg(f"{REFUND}{name}", str(amount), "refund", told, [charge.get("metadata")], source)


def _leg(payment: str, name: str, kind: str, told: Mapping[str, Any], holders: Sequence[object], source: Source) -> Leg:
    identity, deal = _people(holders, source)
    data = {**told, "kind": kind, "at": told["at"].isoformat(), "identity": identity, "deal": deal}
    return Leg(payment, name, {key: value for key, value in data.items() if value is not None})


def _listed(invoice: Mapping[str, Any]) -> list[tuple[str, object]]:
    """(payment, its amount) of ``payments``, which newer invoices carry when they are asked to."""
    found = []
    for item in values.items(values.mapping(invoice.get("payments")).get("data")):
        one = values.mapping(item)
        payment = values.mapping(one.get("payment"))
        name = _id(payment.get("payment_intent")) or _id(payment.get("charge"))
        if name is not None and one.get("status") in (None, "paid"):
            found.append((name, one.get("amount_paid")))
    return found


def _payment_of(charge: Mapping[str, Any]) -> str:
    return _id(charge.get("payment_intent")) or _own_id(charge)


def _metadata_of(invoice: Mapping[str, Any]) -> list[object]:
    """Of the invoice, of its subscription (three places in as many years), of its first line."""
    parent = values.mapping(values.mapping(invoice.get("parent")).get("subscription_details"))
    line = values.mapping(next(values.items(values.mapping(invoice.get("lines")).get("data")), None))
    subscription = values.mapping(invoice.get("subscription_details"))
    return [invoice.get("metadata"), parent.get("metadata"), subscription.get("metadata"), line.get("metadata")]


def _people(holders: Sequence[object], source: Source) -> tuple[str | None, str | None]:
    options = source.config.options
    identity = metadata.named(holders, metadata.keys(options.get("identity"), "identity", metadata.IDENTITY))
    deal = metadata.named(holders, metadata.keys(options.get("deal"), "deal", metadata.DEAL))
    return identity, f"{source.id}:{deal}" if deal else None


def _money(amount: object, thing: Mapping[str, Any]) -> tuple[int, str]:
    """(minor units, ISO code). Raises: BadInput."""
    currency = (values.text(thing.get("currency"), 10) or "").upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise BadInput(f"{_own_id(thing)}: no currency", "missing_field")
    found = amounts.minor(amount, currency)
    if found is None:
        raise BadInput(f"{_own_id(thing)}: no amount in minor units", "bad_value")
    return found, currency


def _own_id(thing: Mapping[str, Any]) -> str:
    found = _id(thing.get("id"))
    if found is None:
        raise BadInput("data.object has no id", "missing_field")
    return found


def _id(value: object) -> str | None:
    """An id, also of an object that was expanded in its place."""
    return values.text(value.get("id") if isinstance(value, Mapping) else value, _ID)


def _when(*candidates: object) -> datetime:
    """The first that is an instant. Raises: BadInput."""
    for value in candidates:
        found = value if isinstance(value, datetime) else instants.from_epoch(value)
        if found is not None:
            return found
    raise BadInput("neither the event nor its object says when", "missing_field")

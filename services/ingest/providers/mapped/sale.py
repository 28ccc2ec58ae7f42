"""Presentations, invoices, payments and refunds out of one element.

Each is told once for ever: when it is told again, its first time stays (and its amount may be corrected).
"""

from typing import Final

from schemas import facts
from schemas.facts import InvoiceIssued, Payment, PresentationMade
from schemas.floor.mapping import Rule
from services.ingest.providers.base import Draft
from services.ingest.providers.mapped.element import Element
from services.kit.errors import BadInput

_MONEY: Final = {"payment": facts.PAYMENT, "refund": facts.REFUND}


def draft(rule: Rule, element: Element) -> Draft:
    """Raises: BadInput (missing_field, bad_value)."""
    id_ = element.id(rule.id)
    at = element.instant("at", rule.at)
    if at is None:
        raise BadInput("at found no time", "missing_field")
    identity = element.text("identity", rule.identity)
    deal = _named(element, element.text("deal", rule.deal))
    if rule.fact == "presentation":
        call = _named(element, element.text("call", rule.call))
        name = deal or f"{element.source.id}:{id_}"
        made = PresentationMade(deal=name, identity=identity, at=at, call_id=call)
        return Draft(facts.PRESENTATION, id_, at, made, once=True)
    currency = _currency(rule, element)
    amount = element.amount(rule.amount, currency)
    if amount is None:
        raise BadInput("amount found nothing", "missing_field")
    name = f"{element.source.id}:{id_}"
    if rule.fact == "invoice":
        issued = InvoiceIssued(
            invoice=name, deal=deal, identity=identity, at=at, amount_minor=amount, currency=currency
        )
        return Draft(facts.INVOICE, id_, at, issued, once=True)
    paid = Payment(
        payment=_named(element, element.text("payment", rule.payment)) or name,
        invoice=_named(element, element.text("invoice", rule.invoice)),
        deal=deal,
        identity=identity,
        at=at,
        amount_minor=amount,
        currency=currency,
    )
    return Draft(_MONEY[rule.fact], id_, at, paid, once=True)


def _named(element: Element, name: str | None) -> str | None:
    return f"{element.source.id}:{name}" if name else None


def _currency(rule: Rule, element: Element) -> str:
    found = element.text("currency", rule.currency) or element.source.currency
    if found is None:
        raise BadInput("no currency (give map.rules[].currency or sources[].currency)", "missing_field")
    if not (len(found) == 3 and found.isascii() and found.isalpha()):
        raise BadInput(f"currency: {found[:20]!r} is no code such as EUR", "bad_value")
    return found.upper()

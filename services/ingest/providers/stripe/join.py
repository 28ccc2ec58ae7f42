"""All that is known of one payment, or of the refunds of one charge, into its one fact."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from schemas import facts
from schemas.facts import Payment
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.stripe.events import REFUND
from services.kit.errors import BadInput

_TELLING: Final = ("invoice", "payment_intent", "charge")
"""Whose amount, manager and deal are believed first."""


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    """Raises: BadInput when there is no leg."""
    if not legs:
        raise BadInput(f"payment {call} has no legs")
    return _refund(source, call, legs) if call.startswith(REFUND) else _payment(source, call, legs)


def _payment(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    ordered = [leg.data for leg in sorted(legs, key=lambda leg: (_TELLING.index(leg.data["kind"]), leg.leg))]
    best = [data for data in ordered if data["kind"] == ordered[0]["kind"]]
    same = [data["amount"] for data in best if data["currency"] == best[0]["currency"]]
    # Of an invoice the amount is the whole; several payment intents of one invoice are its parts.
    amount = same[0] if best[0]["kind"] == "invoice" else sum(same)
    return _draft(facts.PAYMENT, source, call, call, ordered, amount)


def _refund(source: Source, call: str, legs: Sequence[Leg]) -> Draft:
    ordered = [leg.data for leg in sorted(legs, key=lambda leg: -leg.data["amount"])]
    charge = call.removeprefix(REFUND)
    return _draft(facts.REFUND, source, charge, ordered[0].get("payment", charge), ordered, ordered[0]["amount"])


def _draft(
    type_: str, source: Source, name: str, payment: str, told: Sequence[Mapping[str, Any]], amount: int
) -> Draft:
    """The time is that of the first event: of one payment they lie within seconds."""
    at = min(datetime.fromisoformat(data["at"]) for data in told)
    invoice = _first(told, "invoice")
    paid = Payment(
        payment=f"{source.id}:{payment}",
        invoice=f"{source.id}:{invoice}" if invoice else None,
        deal=_first(told, "deal"),
        identity=_first(told, "identity"),
        at=at,
        amount_minor=amount,
        currency=told[0]["currency"],
    )
    return Draft(type_, name, at, paid)


def _first(told: Sequence[Mapping[str, Any]], name: str) -> str | None:
    return next((data[name] for data in told if data.get(name)), None)

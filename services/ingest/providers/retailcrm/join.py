"""All notes about one payment, or about one order's coming to a status, into its one fact.

A payment that is un-paid stays the fact it was, with the amount 0; paid again, it has its amount and its first time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas import facts
from schemas.facts import Payment
from services.ingest.providers import deals, money
from services.ingest.providers.base import Draft, Leg, Source
from services.ingest.providers.deals import Deal
from services.ingest.providers.retailcrm import note, statuses
from services.kit.errors import BadInput

Note = Mapping[str, Any]


def join(source: Source, call: str, legs: Sequence[Leg]) -> Draft | None:
    """None while it was never paid, or never came to the status. Raises: BadInput (no currency is known)."""
    notes = sorted((leg.data for leg in legs), key=lambda one: (one["seq"], one["at"]))
    if call.startswith(note.PAYMENT):
        return _payment(source, call.removeprefix(note.PAYMENT), notes)
    kind, _, order = call.removeprefix(note.ORDER).partition(":")
    return _of_status(source, kind, order, notes)


def _payment(source: Source, name: str, notes: Sequence[Note]) -> Draft | None:
    states = [one for one in notes if "paid" in one]
    first = next((one for one in states if one["paid"]), None)
    if first is None:
        return None
    currency = _newest(notes, "currency") or source.currency
    if currency is None:
        raise BadInput(f"payment {name}: no currency (give sources[].currency)", "missing_field")
    amount = _newest(notes, "amount") if states[-1]["paid"] else None
    order = first.get("order")
    at = datetime.fromisoformat(first["at"])
    data = Payment(
        payment=f"{source.id}:{name}",
        deal=f"{source.id}:{order}" if order else None,
        identity=first.get("identity") or _newest(notes, "identity"),
        at=at,
        amount_minor=money.minor(amount, currency) or 0,
        currency=currency,
    )
    return Draft(facts.PAYMENT, f"payment:{name}", at, data)


def _of_status(source: Source, kind: str, order: str, notes: Sequence[Note]) -> Draft | None:
    first = next((one for one in notes if "stage" in one), None)
    if first is None:
        return None
    sums = _newest(notes, "sums") or {}
    fields = {**first.get("fields", {}), **sums}
    counts = source.config.counts.invoice if kind == facts.INVOICE else source.config.counts.payment
    if counts is not None and counts.amount:
        fields.setdefault(counts.amount, 0)
    deal = Deal(
        order,
        datetime.fromisoformat(first["at"]),
        first["stage"],
        event="status",
        identity=first.get("identity") or _newest(notes, "identity"),
        amounts=(sums.get("totalSumm"), 0),
        currency=_newest(notes, "currency"),
        fields=fields,
    )
    return deals.draft(kind, deal, source) if kind in statuses.kinds(deal, source) else None


def _newest(notes: Sequence[Note], name: str) -> Any:
    """Of all that say it, the last by time: an order that was asked for may be newer than any entry."""
    told = [one for one in notes if one.get(name) is not None]
    return max(told, key=lambda one: (one["at"], one["seq"]))[name] if told else None

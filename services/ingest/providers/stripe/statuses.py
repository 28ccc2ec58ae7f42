"""Stripe's event types into what they mean for us. A type that is not here is authentic and not counted.

Sources: the event list of Stripe's API; captures of invoice and charge events (API 2022-11-15 and 2026-04-22).
"""

from typing import Final, Literal

Meaning = Literal["issued", "invoice", "payment_intent", "charge", "refund"]

STATUSES: Final[dict[str, Meaning]] = {
    "invoice.finalized": "issued",
    "invoice.paid": "invoice",
    "invoice.payment_succeeded": "invoice",
    "payment_intent.succeeded": "payment_intent",
    "charge.succeeded": "charge",  # with captured = false the money is only held
    "charge.captured": "charge",
    "charge.refunded": "refund",  # amount_refunded is cumulative
}

OF_AN_INVOICE: Final = ("subscription creation", "subscription update", "subscription cycle", "payment for invoice")
"""How Stripe itself describes charge and intent of an invoice. Doubtful: seen in samples, not in the reference."""

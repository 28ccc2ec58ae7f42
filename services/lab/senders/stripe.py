"""Stripe: pretty-printed snapshot events, signed with the endpoint's secret as it stands (stripe §1–4).

A payment of an invoice is told four times, in any order. The payment intent is what the fact names.
"""

import hashlib
import hmac
import json
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from schemas.facts import REFUND, Fact, InvoiceIssued, Payment
from services.lab.senders.account import Account, Outgoing
from services.lab.simulate.names import name_of

API_VERSION: Final = "2022-11-15"
CONTENT_TYPE: Final = "application/json; charset=utf-8"
AGENT: Final = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    match fact.data:
        case InvoiceIssued():
            events = [("invoice.finalized", _invoice(fact, fact.data, paid=False))]
        case Payment() if fact.type == REFUND:
            charge = _charge(fact, fact.data) | {"refunded": True, "amount_refunded": fact.data.amount_minor}
            events = [("charge.refunded", charge)]
        case Payment():
            invoice = _invoice(fact, fact.data, paid=True)
            events = [
                ("charge.succeeded", _charge(fact, fact.data)),
                ("payment_intent.succeeded", _intent(fact, fact.data)),
                ("invoice.paid", invoice),
                ("invoice.payment_succeeded", invoice),
            ]
            random.Random(fact.id).shuffle(events)
        case _:
            return ()
    return tuple(_posted(type_, thing, fact, account) for type_, thing in events)


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The header; the ``v0`` beside is what test tools of the vendor add."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest},v0={hashlib.sha256(body).hexdigest()}"


def _posted(type_: str, thing: Mapping[str, Any], fact: Fact, account: Account) -> Outgoing:
    event = {
        "id": f"evt_{hashlib.sha256(f'{type_} {fact.id}'.encode()).hexdigest()[:24]}",
        "object": "event",
        "api_version": API_VERSION,
        "created": int(fact.time.timestamp()),
        "data": {"object": thing},
        "livemode": True,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": type_,
    }
    body = json.dumps(event, indent=2).encode()
    request = account.with_headers(account.post(f"stripe {type_}", body, CONTENT_TYPE), {"user-agent": AGENT})
    secret = account.secrets["signing_secret"]
    return replace(request, sign=lambda now: {"stripe-signature": signature(secret, int(now), body)})


def _invoice_id(fact: Fact, data: InvoiceIssued | Payment) -> str:
    """Objects of different kinds never share an id."""
    if isinstance(data, InvoiceIssued):
        return name_of(fact)
    return data.invoice.removeprefix(f"{fact.source}:") if data.invoice else f"in_{name_of(fact)}"


def _invoice(fact: Fact, data: InvoiceIssued | Payment, *, paid: bool) -> dict[str, Any]:
    at = int(fact.time.timestamp())
    return {
        "id": _invoice_id(fact, data),
        "object": "invoice",
        "amount_due": data.amount_minor,
        "amount_paid": data.amount_minor if paid else 0,
        "amount_remaining": 0 if paid else data.amount_minor,
        "charge": f"ch_{name_of(fact)}" if paid else None,
        "created": at,
        "currency": data.currency.lower(),
        "lines": {"object": "list", "data": [], "has_more": False},
        "metadata": {"manager": fact.identity or ""},
        "paid": paid,
        "payment_intent": name_of(fact) if paid else None,
        "status": "paid" if paid else "open",
        "status_transitions": {"finalized_at": at, "paid_at": at if paid else None},
        "total": data.amount_minor,
    }


def _intent(fact: Fact, data: Payment) -> dict[str, Any]:
    return {
        "id": name_of(fact),
        "object": "payment_intent",
        "amount": data.amount_minor,
        "amount_received": data.amount_minor,
        "client_secret": f"{name_of(fact)}_secret_lab",
        "created": int(fact.time.timestamp()) - 30,
        "currency": data.currency.lower(),
        "invoice": _invoice_id(fact, data),
        "latest_charge": f"ch_{name_of(fact)}",
        "metadata": {},
        "status": "succeeded",
    }


def _charge(fact: Fact, data: Payment) -> dict[str, Any]:
    return {
        "id": f"ch_{name_of(fact)}",
        "object": "charge",
        "amount": data.amount_minor,
        "amount_captured": data.amount_minor,
        "amount_refunded": 0,
        "captured": True,
        "created": int(fact.time.timestamp()) - 1,
        "currency": data.currency.lower(),
        "invoice": _invoice_id(fact, data),
        "metadata": {},
        "paid": True,
        "payment_intent": name_of(fact),
        "refunded": False,
        "status": "succeeded",
    }

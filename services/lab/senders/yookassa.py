"""YooKassa: notifications without a signature, ids or times of their own (yookassa §1–4).

The API that they could be compared with is not played: the floor file must not give ``shop_id`` and ``secret_key``.
"""

import json
from datetime import timedelta
from typing import Any, Final

from schemas.facts import REFUND, Fact, Payment
from services.lab.senders.account import JSON, Account, Outgoing
from services.lab.simulate.names import name_of

HELD_S: Final = 5


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """A payment is told when the money is held and when it is taken. Issuing an invoice is not told at all."""
    paid = fact.data
    if not isinstance(paid, Payment):
        return ()
    if fact.type == REFUND:
        refund = _thing(fact, paid) | {"payment_id": name_of(fact), "created_at": _stamp(fact)}
        return (_posted("refund.succeeded", refund, account),)
    held = _thing(fact, paid) | {"status": "waiting_for_capture", "paid": True, "refundable": False}
    taken = _thing(fact, paid) | {"captured_at": _stamp(fact), "paid": True, "refundable": True}
    return _posted("payment.waiting_for_capture", held, account), _posted("payment.succeeded", taken, account)


def _posted(event: str, thing: dict[str, Any], account: Account) -> Outgoing:
    body = json.dumps({"type": "notification", "event": event, "object": thing}, ensure_ascii=False).encode()
    return account.post(f"yookassa {event}", body, JSON)


def _thing(fact: Fact, paid: Payment) -> dict[str, Any]:
    return {
        "id": name_of(fact),
        "status": "succeeded",
        "amount": {"value": f"{paid.amount_minor // 100}.{paid.amount_minor % 100:02d}", "currency": paid.currency},
        "created_at": _stamp(fact, HELD_S),
        "description": f"Заказ {name_of(fact)}",
        "metadata": {"manager": fact.identity or "", "order_id": name_of(fact)},
        "test": False,
    }


def _stamp(fact: Fact, before_s: int = 0) -> str:
    at = (fact.time - timedelta(seconds=before_s)).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")

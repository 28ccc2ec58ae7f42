"""RetailCRM: a page of ``orders/history`` as its poller hands it over; the secret is in the path (retailcrm §1–4).

The order is made in the same page, so that its sums are told. Local times without a zone, money as floats.
"""

import json
import zlib
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from schemas.facts import REFUND, Fact, InvoiceIssued, Payment, PresentationMade
from services.lab.senders.account import JSON, Account, Outgoing
from services.lab.simulate.names import name_of

ZONE: Final = "Europe/Moscow"
NEW, PREPAID = "new", "prepayed"


def requests(fact: Fact, account: Account) -> tuple[Outgoing, ...]:
    """The order comes to the status that the floor file counts; a payment without one is marked paid."""
    counts = account.source.counts
    match fact.data:
        case PresentationMade():
            stage = counts.presentation and counts.presentation.stage
        case InvoiceIssued():
            stage = counts.invoice and counts.invoice.stage
        case Payment() if fact.type != REFUND:
            if counts.payment is None:
                return (_page(fact, account, _paid(fact, account)),)
            stage = counts.payment.stage
        case _:
            return ()
    return (_page(fact, account, _status(fact, account, stage[0])),) if stage else ()


def _page(fact: Fact, account: Account, entry: dict[str, Any]) -> Outgoing:
    history = [_made(fact, account), entry]
    page = {
        "success": True,
        "generatedAt": _local(fact, account),
        "history": history,
        "pagination": {"limit": 100, "totalCount": len(history), "currentPage": 1, "totalPageCount": 1},
    }
    return account.post("retailcrm orders/history", json.dumps(page, ensure_ascii=False).encode(), JSON)


def _made(fact: Fact, account: Account) -> dict[str, Any]:
    minor = getattr(fact.data, "amount_minor", 0)
    order = _order(fact) | {
        "status": NEW,
        "summ": minor / 100,
        "totalSumm": minor / 100,
        "payments": [{"id": _payment_id(fact), "type": "bank-card", "amount": minor / 100}],
    }
    return _entry(fact, account, 0, 60) | {
        "created": True,
        "field": "status",
        "oldValue": None,
        "newValue": {"code": NEW},
        "order": order,
    }


def _status(fact: Fact, account: Account, stage: str) -> dict[str, Any]:
    changed = {"field": "status", "oldValue": {"code": NEW}, "newValue": {"code": stage}}
    return _entry(fact, account, 1) | changed | {"order": _order(fact) | {"status": stage}}


def _paid(fact: Fact, account: Account) -> dict[str, Any]:
    changed = {"field": "payments.status", "oldValue": {"code": "not-paid"}, "newValue": {"code": "paid"}}
    payment = {"id": _payment_id(fact), "type": "bank-card"}
    return _entry(fact, account, 1) | changed | {"order": _order(fact) | {"status": PREPAID}, "payment": payment}


def _entry(fact: Fact, account: Account, number: int, before_s: int = 0) -> dict[str, Any]:
    seq = int(fact.time.timestamp()) * 10 + number
    return {"id": seq, "createdAt": _local(fact, account, before_s), "source": "user", "user": {"id": 1}}


def _order(fact: Fact) -> dict[str, Any]:
    return {"id": name_of(fact), "managerId": fact.identity, "site": "main"}


def _payment_id(fact: Fact) -> int:
    return zlib.crc32(name_of(fact).encode())


def _local(fact: Fact, account: Account, before_s: int = 0) -> str:
    at = fact.time - timedelta(seconds=before_s)
    return at.astimezone(ZoneInfo(account.source.timezone or ZONE)).strftime("%Y-%m-%d %H:%M:%S")

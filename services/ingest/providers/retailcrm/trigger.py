"""The template that we publish for the trigger action "HTTP request": names of fields are ours (README).

``event`` status: ``order, status, manager, total, at``; ``event`` payment: the same with ``payment, payment_status, amount``.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.ingest.providers import instants, values
from services.ingest.providers.base import Ignored, Leg, Parsed, Source
from services.ingest.providers.deals import Deal
from services.ingest.providers.retailcrm import note, statuses
from services.ingest.providers.retailcrm.history import counts_alone
from services.kit.errors import BadInput


def parsed(told: Mapping[str, Any], received_at: datetime, source: Source) -> Parsed:
    """Raises: BadInput."""
    event = values.text(told.get("event"), 40)
    if event not in ("status", "payment"):
        raise BadInput("neither a page of the history nor the published template (event=status or payment)")
    order = values.text(told.get("order"), note.ID)
    if order is None:
        raise BadInput(f"event {event} without order", "missing_field")
    at = instants.from_iso(told.get("at"), source.timezone) or received_at
    manager = values.text(told.get("manager"), 100)
    legs = tuple((_status if event == "status" else _payment)(told, order, at, manager, source))
    if any(counts_alone(leg) for leg in legs):
        return Parsed(legs=legs)
    return Parsed(legs=legs, ignored=(Ignored("not_counted", f"{event} of order {order}"),))


def _status(told: Mapping[str, Any], order: str, at: datetime, manager: str | None, source: Source) -> Iterator[Leg]:
    stage = values.text(told.get("status"), 100)
    if stage is None:
        raise BadInput("event status without status", "missing_field")
    fields = {"id": order, "status": stage}
    total = note.amount(told.get("total"))
    for kind in statuses.kinds(Deal(order, at, stage, event="status", fields=fields), source):
        yield note.of_order(
            kind, order, f"trigger:{stage}", at, 0,
            stage=stage, fields=fields, sums={"totalSumm": total} if total else None, identity=manager,
        )  # fmt: skip


def _payment(told: Mapping[str, Any], order: str, at: datetime, manager: str | None, source: Source) -> Iterator[Leg]:
    name, status = values.text(told.get("payment"), note.ID), values.text(told.get("payment_status"), 100)
    if name is None or status is None:
        raise BadInput("event payment without payment or payment_status", "missing_field")
    if statuses.payments_count(source):
        paid, amount = statuses.is_paid(status, source), note.amount(told.get("amount"))
        leg = f"trigger:{status}:{at.isoformat()}"
        yield note.of_payment(name, leg, at, 0, paid=paid, amount=amount, order=order, identity=manager)

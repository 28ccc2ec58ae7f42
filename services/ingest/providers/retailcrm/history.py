"""A page of ``orders/history``, as RetailCRM answers it and ``srez retailcrm`` posts it.

``createdAt`` has no zone (it is the source's) and is not monotonic: what came last is told by the entry's id.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas import facts
from services.ingest.providers import instants, values
from services.ingest.providers.base import Ignored, Leg, Parsed, ReadBack, Rejected, Source
from services.ingest.providers.deals import Deal
from services.ingest.providers.retailcrm import note, statuses
from services.kit.errors import BadInput


def parsed(entries: Sequence[Any], source: Source) -> Parsed:
    legs: list[Leg] = []
    rejected: list[Rejected] = []
    silent = 0
    orders: dict[str, str] = {}
    for entry in entries:
        try:
            found = list(_legs(values.mapping(entry), source, orders))
        except BadInput as error:
            rejected.append(Rejected(error.reason, str(error)))
            continue
        silent += not found
        legs += found
    asked = tuple(ReadBack("order", order) for order in dict.fromkeys(_without_amount(legs, orders)))
    ignored = [Ignored("needs_readback", f"amounts of order {one.id}") for one in asked]
    silent += sum(not counts_alone(leg) for leg in legs)
    if silent or not (legs or rejected):
        ignored.append(Ignored("not_counted" if silent else "empty_batch", f"{silent} entries of the history"))
    return Parsed(legs=tuple(legs), ignored=tuple(ignored), rejected=tuple(rejected), readbacks=asked)


def counts_alone(leg: Leg) -> bool:
    """An amount alone does not, nor that something is not paid."""
    return bool(leg.data.get("paid")) or "stage" in leg.data


def _legs(entry: Mapping[str, Any], source: Source, orders: dict[str, str]) -> Iterator[Leg]:
    """Legs of one entry; *orders* learns call → order. Raises: BadInput."""
    field = values.text(entry.get("field"), 60) or ""
    if field != "status" and field.partition(".")[0] != "payments":
        return
    seq = values.integer(entry.get("id"), largest=2**53)
    at = instants.from_iso(entry.get("createdAt"), source.timezone)
    order = values.mapping(entry.get("order"))
    name = values.text(order.get("id"), note.ID)
    if seq is None or seq <= 0 or at is None or name is None:
        raise BadInput(f"an entry of the field {field} without id, createdAt or order.id", "missing_field")
    found = _of_status(entry, order, name, seq, at, source) if field == "status" else ()
    paid = _of_payments(entry, field, order, name, seq, at, source) if statuses.payments_count(source) else ()
    for leg in (*found, *paid):
        orders[leg.call] = name
        yield leg


def _of_status(
    entry: Mapping[str, Any], order: Mapping[str, Any], name: str, seq: int, at: datetime, source: Source
) -> Iterator[Leg]:
    """What comes to its status; and the sums, where the order is shown whole, for what will come to its own later."""
    stage, fields, sums = note.code(entry.get("newValue")), note.fields(order), note.sums(order)
    shared = {"sums": sums, "identity": note.manager(order), "currency": _currency(order)}
    come = statuses.kinds(Deal(name, at, stage, event="status", fields=fields), source)
    for kind in come:
        yield note.of_order(kind, name, str(seq), at, seq, stage=stage or "", fields=fields, **shared)
    for kind in _priced(source) if sums else ():
        if kind not in come:
            yield note.of_order(kind, name, str(seq), at, seq, **shared)


def _priced(source: Source) -> list[str]:
    """Types of facts that statuses make here and that have an amount."""
    invoices = [facts.INVOICE] if source.config.counts.invoice is not None else []
    return invoices if statuses.payments_count(source) else [*invoices, facts.PAYMENT]


def _of_payments(
    entry: Mapping[str, Any], field: str, order: Mapping[str, Any], name: str, seq: int, at: datetime, source: Source
) -> Iterator[Leg]:
    shared: dict[str, Any] = {"order": name, "identity": note.manager(order), "currency": _currency(order)}
    if field == "status":
        # An order that has just been made is shown whole, with its payments.
        yield from of_listed(order.get("payments"), str(seq), at, seq, shared, source)
        return
    payment = values.mapping(entry.get("payment"))
    own = values.text(payment.get("id"), note.ID)
    if own is None:
        raise BadInput(f"entry {seq}: a change of payments without payment.id", "missing_field")
    new = entry.get("newValue")
    if field == "payments.status":
        yield note.of_payment(own, str(seq), at, seq, paid=statuses.is_paid(note.code(new), source), **shared)
    elif field == "payments.amount":
        yield note.of_payment(own, str(seq), at, seq, amount=note.amount(new), **shared)
    elif field == "payments" and new is None and entry.get("oldValue") is not None:
        yield note.of_payment(own, str(seq), at, seq, paid=False, **shared)
    elif field == "payments":
        yield from of_listed([payment], str(seq), at, seq, shared, source)


def of_listed(
    payments: object, name: str, at: datetime, seq: int, shared: Mapping[str, Any], source: Source, states: bool = True
) -> Iterator[Leg]:
    """Legs of payments shown whole; their status only where *states*. Raises: BadInput."""
    for one in values.items(payments):
        payment = values.mapping(one)
        own = values.text(payment.get("id"), note.ID)
        if own is None:
            continue
        code = note.code(payment.get("status"))
        paid = statuses.is_paid(code, source) if states and code is not None else None
        yield note.of_payment(own, name, at, seq, amount=note.amount(payment.get("amount")), paid=paid, **shared)


def _without_amount(legs: Iterable[Leg], orders: Mapping[str, str]) -> Iterator[str]:
    """Orders of what was paid or came to its status, and whose amount this page does not say."""
    known = {leg.call for leg in legs if leg.data.get("amount") is not None or leg.data.get("sums")}
    free = f"{note.ORDER}{facts.PRESENTATION}:"
    for leg in legs:
        wanted = leg.data.get("paid") or ("stage" in leg.data and not leg.call.startswith(free))
        if wanted and leg.call not in known and orders[leg.call].isascii() and orders[leg.call].isdigit():
            yield orders[leg.call]


def _currency(order: Mapping[str, Any]) -> str | None:
    """Newer accounts name the currency of an order; in the entries seen it is not there."""
    found = values.text(order.get("currency"), 10)
    return found.upper() if found and len(found) == 3 and found.isascii() and found.isalpha() else None


def of_order(order: Mapping[str, Any], name: str, at: datetime, source: Source) -> Iterator[Leg]:
    """Legs of an order that was asked for: amounts and manager; whether it is paid is left to the history."""
    shared = {"identity": note.manager(order), "currency": _currency(order)}
    for kind in _priced(source):
        yield note.of_order(kind, name, "order", at, 0, sums=note.sums(order), **shared)
    if statuses.payments_count(source):
        shared["order"] = name
        yield from of_listed(order.get("payments"), "order", at, 0, shared, source, states=False)

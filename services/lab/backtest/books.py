"""Invoices and payments of a file, grouped as the closer groups those of PostgreSQL (``schemas.queries``)."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime

from schemas.facts import REFUND, InvoiceIssued, Payment
from schemas.floor import Floor
from services.lab.backtest.read import Version
from services.rules.money.books import Books, InvoiceGroup, PaymentGroup, first_day


@dataclass(slots=True)
class _Sums:
    count: int = 0
    linked: int = 0
    minor: int = 0
    squares: int = 0
    refunded: int = 0


@dataclass(slots=True)
class _Issued:
    """Invoices by what may name them, by their place in ``of``."""

    of: list[tuple[Version, InvoiceIssued]] = field(default_factory=list)
    by_invoice: dict[str, list[int]] = field(default_factory=dict)
    by_deal: dict[str, list[int]] = field(default_factory=dict)

    def add(self, version: Version, data: InvoiceIssued) -> None:
        place = len(self.of)
        self.of.append((version, data))
        self.by_invoice.setdefault(data.invoice, []).append(place)
        if data.deal is not None:
            self.by_deal.setdefault(data.deal, []).append(place)

    def paid_by(self, payment: Payment) -> Sequence[int]:
        """The invoice it names; of one that names none we know, those of its deal."""
        if payment.invoice is not None and (own := self.by_invoice.get(payment.invoice)):
            return own
        return self.by_deal.get(payment.deal, ()) if payment.deal is not None else ()


class Ledgers:
    """All versions of invoices, payments and refunds of a file, in order of time."""

    def __init__(self, floor: Floor, versions: Iterable[Version]) -> None:
        self._floor = floor
        self._versions = [one for one in versions if type(one.data) in (InvoiceIssued, Payment)]

    def books(self, date: Date, until: datetime, by: datetime) -> Books:
        """As known at *by* of what happened up to *until*."""
        first = first_day(self._floor, date)
        start = bisect_left(self._versions, first, key=lambda one: one.day)
        end = bisect_right(self._versions, date, key=lambda one: one.day)
        known = [one for one in self._versions[start:end] if one.at <= until and one.known(by)]
        issued = _Issued()
        for one in known:
            if isinstance(one.data, InvoiceIssued) and one.agent is not None:
                issued.add(one, one.data)
        first_paid: dict[int, Date] = {}
        sums: dict[tuple[str, Date, str], _Sums] = {}
        for one in known:
            if isinstance(one.data, Payment):
                self._pay(one, one.data, issued, first_paid, sums)
        return Books(self._invoices(issued, first_paid), _payments(sums))

    def _pay(
        self,
        one: Version,
        data: Payment,
        issued: _Issued,
        first_paid: dict[int, Date],
        sums: dict[tuple[str, Date, str], _Sums],
    ) -> None:
        refund = one.type == REFUND
        places = () if refund else issued.paid_by(data)
        for place in places:
            first_paid[place] = min(one.day, first_paid.get(place, one.day))
        if one.agent is None:
            return
        own = sums.setdefault((self._floor.agent_by_id[one.agent].team, one.day, data.currency), _Sums())
        if refund:
            own.refunded += data.amount_minor
            return
        own.count, own.linked = own.count + 1, own.linked + bool(places)
        own.minor, own.squares = own.minor + data.amount_minor, own.squares + data.amount_minor**2

    def _invoices(self, issued: _Issued, first_paid: dict[int, Date]) -> list[InvoiceGroup]:
        found: Counter[tuple[str, Date, Date | None, str, int | None]] = Counter()
        for place, (one, data) in enumerate(issued.of):
            paid = first_paid.get(place)
            minor = data.amount_minor if paid is None else None
            found[self._floor.agent_by_id[one.agent or ""].team, one.day, paid, data.currency, minor] += 1
        return [InvoiceGroup(*key, count) for key, count in found.items()]


def _payments(sums: dict[tuple[str, Date, str], _Sums]) -> list[PaymentGroup]:
    return [
        PaymentGroup(*key, one.count, one.linked, one.minor, float(one.squares), one.refunded)
        for key, one in sums.items()
    ]

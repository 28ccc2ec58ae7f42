"""One agent's deals: a presentation leads to an invoice, an invoice to a payment, each later, in working time.

Deals presented on the days before the first one bring their share of its invoices and payments, so that these come out
at the norm from the first morning on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from services.lab.simulate.axis import Axis
from services.lab.simulate.chance import poisson
from services.lab.simulate.paths import deal_name

INVOICE_AFTER_S: Final = (300.0, 3600.0)
"""Least and mean further working time from presentation to invoice."""
PAYMENT_AFTER_S: Final = (900.0, 10800.0)
EARLIER_DAYS: Final = 4
MARKED_AFTER_S: Final = (20, 150)
"""The agent marks the deal's stage this long after the call."""


@dataclass(frozen=True, slots=True)
class Deal:
    """Unix seconds, whole; what did not happen within the simulated days is None. ``amount`` in whole currency units."""

    name: str
    amount: int
    presented: int | None
    call_id: str | None = None
    invoiced: int | None = None
    paid: int | None = None


@dataclass(frozen=True, slots=True)
class Chances:
    """``presented_per_s`` is what earlier days brought; the rest are chances of one deal."""

    presented_per_s: float
    invoice: float
    payment: float


def follow(random: Random, pitches: Iterable[tuple[int, str]], by: Chances, axis: Axis, day_s: float) -> list[Deal]:
    """Deals of the simulated days, in order of presentation.

    Args:
        pitches: (end of the call, call id) of the calls that made a presentation.
        axis: the agent's working time.
        day_s: seconds of one standard working day.
    """
    return [*_earlier(random, by, axis, day_s), *_today(random, pitches, by, axis)]


def _today(random: Random, pitches: Iterable[tuple[int, str]], by: Chances, axis: Axis) -> Iterator[Deal]:
    for ended, call_id in pitches:
        presented = ended + random.randint(*MARKED_AFTER_S)
        yield _rest(random, presented, call_id, axis.position(presented), by, axis)


def _earlier(random: Random, by: Chances, axis: Axis, day_s: float) -> Iterator[Deal]:
    past_s = EARLIER_DAYS * day_s
    for _ in range(poisson(random, by.presented_per_s * past_s)):
        deal = _rest(random, None, None, -random.uniform(0, past_s), by, axis)
        if deal.invoiced or deal.paid:
            yield deal


def _rest(random: Random, presented: int | None, call_id: str | None, position: float, by: Chances, axis: Axis) -> Deal:
    name, amount = deal_name(random), _amount(random)
    if random.random() >= by.invoice:
        return Deal(name, amount, presented, call_id)
    position += _after(random, INVOICE_AFTER_S)
    invoiced = _second(axis, position)
    if random.random() >= by.payment:
        return Deal(name, amount, presented, call_id, invoiced)
    return Deal(name, amount, presented, call_id, invoiced, _second(axis, position + _after(random, PAYMENT_AFTER_S)))


def _after(random: Random, lag_s: tuple[float, float]) -> float:
    least, mean = lag_s
    return least + random.expovariate(1 / mean)


def _second(axis: Axis, position: float) -> int | None:
    instant = axis.instant(position)
    return None if instant is None else int(instant)


def _amount(random: Random) -> int:
    return max(10, round(random.lognormvariate(4.6, 0.6))) * 1000

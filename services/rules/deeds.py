"""What agents did today, call by call: what came of each call, and on which rung of the funnel it broke.

calls: conversations after which the longest pauses came · answered: hung up at once · long_calls: cut off after a few seconds ·
presentations: long, without a presentation · invoices: presented, no invoice · payments: invoiced, not paid yet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor.quality import Hearing
from schemas.steps import Step
from services.rules.day import WorkingDay
from services.rules.spans import at, minutes

Broke = Literal["pause", "hung_up", "cut_off", "not_long", "not_presented", "not_invoiced", "not_paid"]


class Deed(msgspec.Struct, frozen=True, gc=False):
    """One fact of an agent, as far as it matters here. ``talk_s`` is None of a call that nobody answered; ``outbound``: the
    agent dialled."""

    type: str
    agent: str
    at: datetime
    call: str | None = None
    started_at: datetime | None = None
    talk_s: float | None = None
    recording: str | None = None
    deal: str | None = None
    invoice: str | None = None
    outbound: bool = True


@dataclass(slots=True)
class Call:
    deed: Deed
    presented: bool = False
    invoiced: bool = False
    paid: bool = False
    pause_s: float = 0.0

    @property
    def talk_s(self) -> float:
        return self.deed.talk_s or 0.0


@dataclass(slots=True)
class OfAgent:
    """``loose``: what came of no call that is known."""

    calls: list[Call] = field(default_factory=list)
    by_id: dict[str, Call] = field(default_factory=dict)
    by_deal: dict[str, Call] = field(default_factory=dict)
    by_invoice: dict[str, Call] = field(default_factory=dict)
    loose: list[Deed] = field(default_factory=list)


def of_agents(deeds: Iterable[Deed], day: WorkingDay, until: datetime, by: Hearing) -> dict[str, OfAgent]:
    """Every agent's calls in order of time, with what came of each."""
    found: dict[str, OfAgent] = {}
    order = {CALL: 0, PRESENTATION: 1, INVOICE: 2, PAYMENT: 3}
    for deed in sorted(deeds, key=lambda deed: (order.get(deed.type, 9), deed.at, deed.call or "", deed.deal or "")):
        own = found.setdefault(deed.agent, OfAgent())
        if deed.type == CALL:
            call = Call(deed)
            own.calls.append(call)
            if deed.call:
                own.by_id[deed.call] = call
        else:
            _come_of(own, deed, by)
    for own in found.values():
        _pauses(own.calls, day, until)
    return found


def _come_of(own: OfAgent, deed: Deed, by: Hearing) -> None:
    """Put a presentation, an invoice or a payment to the call it came of; one that is of no known call changes none."""
    call = own.by_id.get(deed.call or "") or own.by_deal.get(deed.deal or "") or own.by_invoice.get(deed.invoice or "")
    if call is None and deed.type != PAYMENT:
        call = _shortly_before(own.calls, deed.at, by)
    if call is None:
        own.loose.append(deed)
        return
    if deed.deal:
        own.by_deal[deed.deal] = call
    if deed.type == PRESENTATION:
        call.presented = True
    elif deed.type == INVOICE:
        call.invoiced = True
        if deed.invoice:
            own.by_invoice[deed.invoice] = call
    elif deed.type == PAYMENT:
        call.paid = True


def _shortly_before(calls: Sequence[Call], moment: datetime, by: Hearing) -> Call | None:
    """The longest conversation that was going on or had ended shortly before."""
    near = [
        call
        for call in calls
        if call.talk_s >= by.cut_off_s[1]
        and (call.deed.started_at or call.deed.at) <= moment
        and moment - call.deed.at <= timedelta(seconds=by.belongs_s)
    ]
    return max(near, key=lambda call: (call.talk_s, call.deed.at), default=None)


def _pauses(calls: Sequence[Call], day: WorkingDay, until: datetime) -> None:
    """Working time after each call to the next one began, breaks taken out."""
    for number, call in enumerate(calls):
        after = calls[number + 1].deed if number + 1 < len(calls) else None
        ends = (after.started_at or after.at) if after else until
        call.pause_s = 60 * minutes(day.standard, at(call.deed.at), at(ends))


def broken(step: Step, calls: Sequence[Call], long_s: float, by: Hearing, most: int) -> list[tuple[Call, Broke]]:
    """The *most* telling of an agent's *calls* in which the rung broke."""
    talked = [call for call in calls if call.deed.talk_s is not None]
    match step:
        case "calls":
            paused = [call for call in talked if call.pause_s >= by.pause_s]
            return _first(most, paused, lambda call: -call.pause_s, "pause")
        case "answered":
            return _first(
                most, [call for call in talked if call.talk_s < by.at_once_s], lambda call: call.talk_s, "hung_up"
            )
        case "long_calls":
            low, high = by.cut_off_s
            short = [call for call in talked if low <= call.talk_s < high]
            if short:
                return _first(most, short, lambda call: -call.talk_s, "cut_off")
            return _first(
                most, [call for call in talked if call.talk_s < long_s], lambda call: -call.talk_s, "not_long"
            )
        case "presentations":
            idle = [call for call in talked if call.talk_s >= long_s and not call.presented]
            return _first(most, idle, lambda call: -call.talk_s, "not_presented")
        case "invoices":
            lost = [call for call in talked if call.presented and not call.invoiced]
            return _first(most, lost, lambda call: -call.talk_s, "not_invoiced")
        case "payments":
            waiting = [call for call in talked if call.invoiced and not call.paid]
            return _first(most, waiting, lambda call: call.deed.at.timestamp(), "not_paid")


def _first(most: int, calls: Iterable[Call], order: Callable[[Call], float], why: Broke) -> list[tuple[Call, Broke]]:
    ordered = sorted(calls, key=lambda call: (order(call), call.deed.at, call.deed.call or ""))
    return [(call, why) for call in ordered[:most]]

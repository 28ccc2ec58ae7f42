"""Which calls to hear with an agent, and why: two or three, chosen by the first broken rung (DOMAIN §7).

Two calls in which the rung broke, and a good one for contrast: the agent's own, else of the one in the team who did most of
this step today. The choice needs no ear and blames nobody; it says where to listen.

calls: conversations after which the longest pauses came · answered: hung up at once · long_calls: cut off after a few seconds ·
presentations: long, without a presentation · invoices: presented, no invoice · payments: invoiced, not paid yet.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from schemas.facts import CALL, INVOICE, PAYMENT, PRESENTATION
from schemas.floor import Floor
from schemas.floor.quality import Hearing
from schemas.steps import Step
from services.rules.closing.evidence import Closing
from services.rules.day import CutOff, WorkingDay
from services.rules.spans import at, minutes
from services.rules.tasks import Task

Why = Literal[
    "pause", "hung_up", "cut_off", "not_long", "not_presented", "not_invoiced", "not_paid", "good_own", "good_peer"
]

PHONE: Final = re.compile(r"(?<!\d)(?:\+|%2B)?\d{11,15}(?!\d)")


@dataclass(frozen=True, slots=True)
class Deed:
    """One fact of an agent, as far as it matters here. ``talk_s`` is None of a call that nobody answered."""

    type: str
    agent: str
    at: datetime
    call: str | None = None
    started_at: datetime | None = None
    talk_s: float | None = None
    recording: str | None = None
    deal: str | None = None
    invoice: str | None = None


@dataclass(slots=True)
class _Call:
    deed: Deed
    presented: bool = False
    invoiced: bool = False
    paid: bool = False
    pause_s: float = 0.0

    @property
    def talk_s(self) -> float:
        return self.deed.talk_s or 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A call to hear. ``pause_s``: of ``pause``, working time until the next call."""

    call: str
    agent: str
    ended_at: datetime
    talk_s: float
    why: Why
    recording: str | None = None
    pause_s: float = 0.0


@dataclass(slots=True)
class _Agent:
    calls: list[_Call] = field(default_factory=list)
    by_id: dict[str, _Call] = field(default_factory=dict)
    by_deal: dict[str, _Call] = field(default_factory=dict)
    by_invoice: dict[str, _Call] = field(default_factory=dict)


def listeners(closing: Closing) -> frozenset[str]:
    """Agents whose facts of the day the choice needs: those with a new task, and the best of their teams."""
    best = {_best(closing, task) for task in closing.opened}
    return frozenset(task.agent for task in closing.opened) | {agent for agent in best if agent}


def with_calls(closing: Closing, floor: Floor, day: WorkingDay, cut: CutOff, deeds: Iterable[Deed]) -> Closing:
    """The same close; its new tasks name the calls to hear (``evidence["hear"]``).

    Args:
        deeds: of ``listeners``, of the day up to the cut-off, as known at the close; any order.
    """
    by = floor.quality.hearing
    known = _agents(deeds, day, cut.at, by)
    opened = []
    for task in closing.opened:
        best = _best(closing, task)
        found = choose(
            task.step, known.get(task.agent), known.get(best or ""), float(floor.long_call_of(task.team)), by
        )
        hear = [_stored(one) for one in found]
        opened.append(replace(task, evidence={**task.evidence, "hear": hear}) if hear else task)
    return replace(closing, opened=opened)


def choose(step: Step, own: _Agent | None, best: _Agent | None, long_s: float, by: Hearing) -> list[Heard]:
    """Calls to hear, those where the rung broke first, the good one last."""
    mine = own.calls if own else []
    found = [_heard(call, why) for call, why in _broken(step, mine, long_s, by)]
    good = _good(step, mine, long_s)
    if good:
        return [*found, _heard(good, "good_own")]
    theirs = _good(step, best.calls, long_s) if best else None
    return [*found, _heard(theirs, "good_peer")] if theirs else found


def _broken(step: Step, calls: Sequence[_Call], long_s: float, by: Hearing) -> list[tuple[_Call, Why]]:
    talked = [call for call in calls if call.deed.talk_s is not None]
    match step:
        case "calls":
            paused = [call for call in talked if call.pause_s >= by.pause_s]
            return _first(by.calls, paused, lambda call: -call.pause_s, "pause")
        case "answered":
            return _first(
                by.calls, [call for call in talked if call.talk_s < by.at_once_s], lambda call: call.talk_s, "hung_up"
            )
        case "long_calls":
            low, high = by.cut_off_s
            short = [call for call in talked if low <= call.talk_s < high]
            if short:
                return _first(by.calls, short, lambda call: -call.talk_s, "cut_off")
            return _first(
                by.calls, [call for call in talked if call.talk_s < long_s], lambda call: -call.talk_s, "not_long"
            )
        case "presentations":
            idle = [call for call in talked if call.talk_s >= long_s and not call.presented]
            return _first(by.calls, idle, lambda call: -call.talk_s, "not_presented")
        case "invoices":
            lost = [call for call in talked if call.presented and not call.invoiced]
            return _first(by.calls, lost, lambda call: -call.talk_s, "not_invoiced")
        case "payments":
            waiting = [call for call in talked if call.invoiced and not call.paid]
            return _first(by.calls, waiting, lambda call: call.deed.at.timestamp(), "not_paid")


def _first(most: int, calls: Iterable[_Call], order: Callable[[_Call], float], why: Why) -> list[tuple[_Call, Why]]:
    ordered = sorted(calls, key=lambda call: (order(call), call.deed.at, call.deed.call or ""))
    return [(call, why) for call in ordered[:most]]


def _good(step: Step, calls: Sequence[_Call], long_s: float) -> _Call | None:
    """The latest one in which the rung held; of dialling itself there is none to hear."""
    held: Mapping[Step, Callable[[_Call], bool]] = {
        "calls": lambda call: False,
        "answered": lambda call: call.talk_s >= long_s,
        "long_calls": lambda call: call.talk_s >= long_s,
        "presentations": lambda call: call.presented,
        "invoices": lambda call: call.invoiced,
        "payments": lambda call: call.paid,
    }
    found = [call for call in calls if call.deed.talk_s is not None and held[step](call)]
    return max(found, key=lambda call: (call.deed.at, call.deed.call or ""), default=None)


def _best(closing: Closing, task: Task) -> str | None:
    """The colleague who did most of the task's step today; None when nobody did any."""
    peers = [
        row
        for row in closing.rows
        if row.team == task.team and row.step == task.step and row.agent != task.agent and row.done
    ]
    return max(peers, key=lambda row: (row.done, row.agent)).agent if peers else None


def _agents(deeds: Iterable[Deed], day: WorkingDay, until: datetime, by: Hearing) -> dict[str, _Agent]:
    """Every agent's calls in order of time, with what came of each."""
    found: dict[str, _Agent] = {}
    order = {CALL: 0, PRESENTATION: 1, INVOICE: 2, PAYMENT: 3}
    for deed in sorted(deeds, key=lambda deed: (order.get(deed.type, 9), deed.at, deed.call or "", deed.deal or "")):
        own = found.setdefault(deed.agent, _Agent())
        if deed.type == CALL:
            call = _Call(deed)
            own.calls.append(call)
            if deed.call:
                own.by_id[deed.call] = call
        else:
            _come_of(own, deed, by)
    for own in found.values():
        _pauses(own.calls, day, until)
    return found


def _come_of(own: _Agent, deed: Deed, by: Hearing) -> None:
    """Put a presentation, an invoice or a payment to the call it came of; one that is of no known call changes nothing."""
    call = own.by_id.get(deed.call or "") or own.by_deal.get(deed.deal or "") or own.by_invoice.get(deed.invoice or "")
    if call is None and deed.type != PAYMENT:
        call = _shortly_before(own.calls, deed.at, by)
    if call is None:
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


def _shortly_before(calls: Sequence[_Call], moment: datetime, by: Hearing) -> _Call | None:
    """The longest conversation that was going on or had ended shortly before."""
    near = [
        call
        for call in calls
        if call.talk_s >= by.cut_off_s[1]
        and (call.deed.started_at or call.deed.at) <= moment
        and moment - call.deed.at <= timedelta(seconds=by.belongs_s)
    ]
    return max(near, key=lambda call: (call.talk_s, call.deed.at), default=None)


def _pauses(calls: Sequence[_Call], day: WorkingDay, until: datetime) -> None:
    """Working time after each call to the next one began, breaks taken out."""
    for number, call in enumerate(calls):
        after = calls[number + 1].deed if number + 1 < len(calls) else None
        ends = (after.started_at or after.at) if after else until
        call.pause_s = 60 * minutes(day.standard, at(call.deed.at), at(ends))


def _heard(call: _Call, why: Why) -> Heard:
    deed = call.deed
    pause = round(call.pause_s) if why == "pause" else 0.0
    return Heard(deed.call or "", deed.agent, deed.at, call.talk_s, why, without_phone(deed.recording), pause)


def without_phone(url: str | None) -> str | None:
    """The address of a recording, when it is one and names no phone number."""
    if url is None or not url.startswith(("https://", "http://")) or PHONE.search(url):
        return None
    return url


def _stored(one: Heard) -> dict[str, Any]:
    """As the task's evidence keeps it."""
    found: dict[str, Any] = {
        "call": one.call,
        "agent": one.agent,
        "ended_at": one.ended_at.astimezone(UTC).isoformat(),
        "talk_s": round(one.talk_s, 1),
        "why": one.why,
    }
    if one.recording:
        found["recording"] = one.recording
    if one.pause_s:
        found["pause_s"] = one.pause_s
    return found

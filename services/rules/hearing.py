"""Which calls to hear with an agent, and why: two or three, chosen by the first broken rung (DOMAIN §7).

Two calls in which the rung broke (``deeds``), and a good one for contrast: the agent's own, else of the one in the team who did
most of this step today. The choice needs no ear and blames nobody; it says where to listen. A team's issue names calls of its
people the same way (``showing``).
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from schemas.floor import Floor
from schemas.floor.quality import Hearing
from schemas.steps import Step
from services.rules import showing
from services.rules.closing.evidence import Closing
from services.rules.day import CutOff, WorkingDay
from services.rules.deeds import Broke, Call, Deed, OfAgent, broken, of_agents
from services.rules.tasks import Task

Why = Broke | Literal["good_own", "good_peer"]

PHONE: Final = re.compile(r"(?<!\d)(?:\+|%2B)?\d{11,15}(?!\d)")


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


def listeners(closing: Closing) -> frozenset[str]:
    """Agents whose facts of the day the choice needs: those with a new task, the best of their teams, and those who show
    what a team's issue is about."""
    best = {_best(closing, task) for task in closing.opened}
    shown = {agent for own in showing.witnesses(closing).values() for agent in own}
    return frozenset(task.agent for task in closing.opened) | {agent for agent in best if agent} | shown


def with_calls(closing: Closing, floor: Floor, day: WorkingDay, cut: CutOff, deeds: Iterable[Deed]) -> Closing:
    """The same close; its new tasks name the calls to hear (``evidence["hear"]``), its teams' issues those to check by.

    Args:
        deeds: of ``listeners``, of the day up to the cut-off, as known at the close; any order.
    """
    by = floor.quality.hearing
    known = of_agents(deeds, day, cut.at, by)
    opened = []
    for task in closing.opened:
        best = _best(closing, task)
        found = choose(
            task.step, known.get(task.agent), known.get(best or ""), float(floor.long_call_of(task.team)), by
        )
        hear = [_stored(one) for one in found]
        opened.append(replace(task, evidence={**task.evidence, "hear": hear}) if hear else task)
    return replace(closing, opened=opened, issues=showing.with_samples(closing, floor, day, cut, known))


def choose(step: Step, own: OfAgent | None, best: OfAgent | None, long_s: float, by: Hearing) -> list[Heard]:
    """Calls to hear, those where the rung broke first, the good one last."""
    mine = own.calls if own else []
    found = [_heard(call, why) for call, why in broken(step, mine, long_s, by, by.calls)]
    good = _good(step, mine, long_s)
    if good:
        return [*found, _heard(good, "good_own")]
    theirs = _good(step, best.calls, long_s) if best else None
    return [*found, _heard(theirs, "good_peer")] if theirs else found


def _good(step: Step, calls: Sequence[Call], long_s: float) -> Call | None:
    """The latest one in which the rung held; of dialling itself there is none to hear."""
    held: Mapping[Step, Callable[[Call], bool]] = {
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


def _heard(call: Call, why: Why) -> Heard:
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

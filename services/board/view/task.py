"""One task in words: what to do, why, what to hear, what people did about it, and why it ended as it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.acts import Dismiss, Edit, Talk
from schemas.floor import Floor
from schemas.steps import STEPS
from services.board.record import TaskRecord
from services.board.storage.revisions import Revisions
from services.board.storage.tasks import Task
from services.board.view.people import named
from services.board.view.revisions import why
from services.board.words import Words
from services.reads.cases import Done
from services.rules.deviation import EXACT


@dataclass(frozen=True, slots=True)
class ToHear:
    """A call to hear: whose and when, why it was chosen, and the recording where there is one."""

    call: str
    what: str
    why: str
    recording: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    at: datetime
    by: str
    what: str
    note: str = ""


def names_of(floor: Floor, w: Words) -> dict[str, str]:
    """Agents, trainers, leads and accounts → as this floor shows people."""
    hidden = floor.board.hide_names
    agents = {one.id: w("agents.number", n=n) if hidden else one.title for n, one in enumerate(floor.agents, 1)}
    return {one.id: one.name for one in floor.people} | agents


def to_hear(evidence: Mapping[str, Any], names: Mapping[str, str], agent: str, w: Words) -> list[ToHear]:
    """The calls that the close chose."""
    found = []
    for one in evidence.get("hear") or ():
        when = w("hear.what", time=w.when(datetime.fromisoformat(one["ended_at"])), talk=w.span(one["talk_s"]))
        if one["agent"] != agent:
            when = w("hear.of", agent=names.get(one["agent"], one["agent"]), call=when)
        given: dict[str, Any] = {"pause": w.about(one.get("pause_s", 0)), "talk": w.span(one["talk_s"])}
        key = f"hear.why.{one['why']}"
        found.append(ToHear(one["call"], when, w(key, **given) if w.has(key) else one["why"], one.get("recording")))
    return found


def wanted(task: Task, w: Words) -> str:
    """``12 звонков``, as the agent is asked to do."""
    return w(f"wanted.{task.row.step}", n=task.row.target)


def advice(task: Task, w: Words) -> str:
    """What goes with it: ``по пути — 4 длинных разговора, 2 презентации``; "" when nothing is advised."""
    told: Mapping[str, int] = task.evidence.get("advice") or {}
    named = [w(f"wanted.{step}", n=told[step]) for step in STEPS if step in told]
    return w("task.advice", steps=", ".join(named)) if named else ""


def said(done: Sequence[Done]) -> str:
    """The head's own words of what to do; the newest count."""
    words = [one.act.what for one in done if isinstance(one.act, Edit) and one.act.what is not None]
    return words[-1] if words else ""


def dismissal(done: Sequence[Done], names: Mapping[str, str], w: Words) -> str:
    """Why it was dismissed, and by whom; "" when it was not."""
    for one in reversed(done):
        if isinstance(one.act, Dismiss):
            reason = w.known("dismiss", one.act.reason)
            return w(
                "task.dismissed_why",
                reason=f"{reason}: {one.act.note}" if one.act.note else reason,
                by=named(one.by, names, w),
            )
    return ""


def history(done: Sequence[Done], names: Mapping[str, str], w: Words) -> list[Entry]:
    """What people did, oldest first."""
    return [Entry(one.at, named(one.by, names, w), *_told(one, w)) for one in done]


def way(record: TaskRecord, names: Mapping[str, str], w: Words) -> list[Entry]:
    """What people did and where the task was carried on, in order; ``by`` is empty where nobody did anything."""
    task = record.task
    ends = [*record.looked[1:], task.row.verified or record.carried_to]
    carried = [
        Entry(at, "", w("act.carried", to=w.when(to)) if to else w("act.carried.bare"))
        for at, to in zip(record.looked, ends, strict=False)
    ]
    return sorted([*history(record.acts, names, w), *carried], key=lambda one: one.at)


def _told(one: Done, w: Words) -> tuple[str, str]:
    match one.act:
        case Edit() as edit:
            target = "" if edit.target is None else w("act.edit.target", now=edit.target, was=edit.was or "—")
            return (target or w("act.edit.what")), edit.what or ""
        case Dismiss() as act:
            return w("act.dismiss", reason=w.known("dismiss", act.reason)), act.note
        case Talk() as talk:
            return w("act.talk", at=w.when(talk.at)), talk.note
        case _:
            return w.known("act", one.kind), ""


def again(n: int, w: Words) -> str:
    """``снова, 3-й раз за неделю``; "" for the first."""
    return w("task.again", n=n) if n > 1 else ""


def doubts(task: Task, revisions: Revisions, w: Words) -> list[str]:
    """What is in question about it: the verdict that gave it, its result."""
    found = []
    now = revisions.get((task.slice, task.row.agent, task.row.step))
    if now is not None and now.level not in ("soft", "hard") and task.row.invalid != "ground":
        given = w("revision.given", why=why(now, w))
        found.append(f"{given}. {w('revision.given.open')}" if task.open else given)
    if task.revised is not None:
        found.append(w("revision.task", n=round(task.technical_min)))
    return found


def verdict(task: Task, floor: Floor, w: Words) -> str:
    """Why the task ended as it did, in one sentence; "" while it goes on."""
    told, seen = _ended(task, floor, w), task.evidence.get("verified")
    required = seen.get("required") if isinstance(seen, Mapping) else None
    if not told or task.row.result == "invalidated" or not required or required <= task.row.target:
        return told
    return told + w("verdict.carried", asked=w.num(task.row.target), due=w.num(required))


def _lost_ground(ground: Mapping[str, Any], w: Words) -> str:
    """Why the slice that gave the task would not give it, as is known since (rules.tasks.Ground)."""
    minutes, target = round(ground["technical_min"]), ground["target"]
    if not minutes or target is None:
        return w("verdict.ground.bare", slice=ground["slice"])
    counts = {"done": w.num(ground["done"]), "target": w.due(target), "step": w(f"step.{ground['step']}").lower()}
    return w("verdict.ground", n=minutes, slice=ground["slice"], **counts)


def _ended(task: Task, floor: Floor, w: Words) -> str:
    seen = task.evidence.get("verified")
    result = task.row.result
    if result is None or not isinstance(seen, Mapping):
        return ""
    needed = seen.get("required") or task.row.target
    counts: dict[str, Any] = {"done": w.num(seen["done"]), "target": w.num(needed)}
    if task.row.invalid == "ground":
        return _lost_ground(seen["ground"], w)
    if result == "invalidated":
        minutes = seen.get("technical_min") or 0.0
        return w("verdict.invalidated", n=round(minutes)) if minutes else w("verdict.invalidated.bare")
    if result == "done":
        return w("verdict.done" if seen["met"] else "verdict.done.pace", **counts)
    if result == "not_done":
        return w("verdict.not_done", **counts)
    if seen["expected"] < floor.judgement.min_expected - EXACT:
        return w("verdict.little", due=w.due(seen["expected"]), **counts)
    return w("verdict.unclear", **counts)

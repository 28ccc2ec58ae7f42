"""The record of one task (проверка У2У): gathered from frozen slices and calls, compared by the pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.floor import Floor
from schemas.steps import Step
from services.board.storage import acts, calls, record, tasks
from services.board.storage.calls import CallRow
from services.board.storage.record import SliceCount
from services.board.storage.tasks import Task
from services.reads.cases import Done
from services.rules.day import WorkingDay, date_of, working_day
from services.rules.effect import Effect, of_evidence
from services.rules.funnel import thresholds
from services.rules.hearing import without_phone
from services.rules.record import CallSeen, Measure, Moved, Slot, moved, pauses_min, same_kind, shown_steps
from services.rules.tasks import LOOK_AHEAD_DAYS, repeats_since

CALLS_SHOWN: Final = 200
OF_CALLS: Final[tuple[Measure, ...]] = ("short_calls", "pauses")


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """``slots``: frozen slices since the task, up to its verification; none while the first is still to come.

    ``again``: which of this agent's tasks on the step within the week it is.
    """

    task: Task
    acts: Sequence[Done]
    slots: Sequence[Slot]
    behaviour: Sequence[Moved]
    result: Sequence[Moved]
    effect: Effect | None
    again: int
    looked: Sequence[datetime]
    """Cut-offs that looked at it and could not decide, oldest first."""
    carried_to: datetime | None
    """When a task is looked at again whose cut-off has passed undecided."""
    calls: Sequence[CallRow]


async def read(connection: AsyncConnection, floor: Floor, task: Task, now: datetime) -> TaskRecord:
    """Everything about one task, in one snapshot."""
    row = task.row
    until = row.verified or task.dismissed_at or now
    first, last = date_of(row.opened, floor.zone), date_of(until, floor.zone)
    team = await record.of_team(connection, row.team, first, last)
    slots = sorted({(one.cut_off, one.slot) for one in team if row.opened < one.cut_off <= until})
    chosen = [slot for _, slot in slots]
    past = _like(await record.of_agent_before(connection, row.agent, first, floor.record.days), first, floor)
    days = sorted({slot[0] for slot in chosen} | {one.date for one in past})
    seen = await record.calls_of(connection, row.agent, days)
    behaviour, result = shown_steps(row.step)
    steps = {step: _step(task, step, team, past, chosen, floor) for step in (*behaviour, *result)} if chosen else {}
    own = _own_calls(task, seen, past, chosen, floor) if chosen else []
    spoken: list[CallRow] = []
    for date in sorted({first, last}):
        spoken += await calls.find(
            connection, date, start=row.opened, end=until, agents=(row.agent,), limit=CALLS_SHOWN
        )
    known = await tasks.given_since(connection, repeats_since(floor, row.date), row.opened, row.agent)
    return TaskRecord(
        task=task,
        acts=(await acts.of_tasks(connection, [row.task])).get(row.task, []),
        slots=chosen,
        behaviour=[steps[step] for step in behaviour if step in steps] + own,
        result=[steps[step] for step in result if step in steps],
        effect=of_evidence(task.evidence, task.counts, floor.judgement.of(row.team, row.step)),
        again=1 + sum(_repeats(one, task) for one in known),
        looked=_looked(task, [cut_off for cut_off, _ in slots]),
        carried_to=_carried_to(task, max((cut_off for cut_off, _ in slots), default=None), floor),
        calls=[
            msgspec.structs.replace(call, recording_url=without_phone(call.recording_url))
            for call in sorted(spoken, key=lambda call: call.ended_at, reverse=True)
        ],
    )


def _repeats(earlier: Task, task: Task) -> bool:
    """Given before on the same step; one whose time was technical is nobody's repeat."""
    own = earlier.row.step == task.row.step and earlier.row.opened < task.row.opened
    return own and earlier.counts != "invalidated"


def _looked(task: Task, frozen: Sequence[datetime]) -> list[datetime]:
    """Of the slices frozen since the task, those at which it was due and went on."""
    ends = task.row.verified or task.dismissed_at
    return [cut_off for cut_off in frozen if cut_off >= task.due and (ends is None or cut_off < ends)]


def _carried_to(task: Task, frozen: datetime | None, floor: Floor) -> datetime | None:
    if not task.open or frozen is None or task.due > frozen:
        return None
    first = date_of(frozen, floor.zone)
    ahead = (working_day(floor, first + timedelta(days=days)) for days in range(LOOK_AHEAD_DAYS))
    return next((cut.at for day in ahead for cut in day.cut_offs if cut.at > frozen), None)


def _like(rows: Sequence[SliceCount], day: Date, floor: Floor) -> list[SliceCount]:
    """Of the last ``record.days`` days of the same kind."""
    kept = sorted({row.date for row in rows if same_kind(row.date, day)})[-floor.record.days :]
    return [row for row in rows if row.date in set(kept)]


def _step(
    task: Task, step: Step, team: Sequence[SliceCount], past: Sequence[SliceCount], slots: Sequence[Slot], floor: Floor
) -> Moved:
    chosen = set(slots)
    of_step = [row for row in team if row.step == step]
    by_agent: dict[str, int] = {}
    for row in of_step:
        if row.slot in chosen:
            by_agent[row.agent] = by_agent.get(row.agent, 0) + row.in_slice
    before: dict[str, list[float]] = {}
    for row in past:
        if row.step == step:
            before.setdefault(row.slice, []).append(row.in_slice)
    return moved(
        step,
        by_agent.pop(task.row.agent, 0),
        _due([row for row in of_step if row.agent == task.row.agent], chosen),
        before,
        slots,
        by_agent.values(),
        floor.judgement,
        floor.record,
    )


def _due(rows: Sequence[SliceCount], slots: set[Slot]) -> float | None:
    """What became due in these slices: targets run from midnight, so of each slice less the one before it."""
    found, known = 0.0, False
    before: dict[Date, float] = {}
    for row in rows:
        if row.slot in slots and row.target is not None:
            found, known = found + row.target - before.get(row.date, 0.0), True
        before[row.date] = row.target or 0.0
    return found if known else None


def _own_calls(
    task: Task, seen: Mapping[Date, Sequence[CallSeen]], past: Sequence[SliceCount], slots: Sequence[Slot], floor: Floor
) -> list[Moved]:
    """Short conversations and pauses: counted from calls, so there are no peers."""
    short_s, pause_s = thresholds(floor, task.row.team).short_s, floor.quality.hearing.pause_s
    days: dict[Date, WorkingDay] = {}

    def measured(slot: Slot) -> tuple[float, float]:
        day = days.setdefault(slot[0], working_day(floor, slot[0]))
        cut = next((cut.at for cut in day.cut_offs if cut.name == slot[1]), None)
        if cut is None:
            return 0.0, 0.0
        start, own = day.previous(slot[1]), seen.get(slot[0], ())
        short = sum(call.talk_s is not None and call.talk_s < short_s and start < call.ended_at <= cut for call in own)
        return float(short), pauses_min(own, day, start, cut, pause_s)

    before: dict[str, list[tuple[float, float]]] = {}
    for slot in sorted(
        {row.slot for row in past if seen.get(row.date)}
    ):  # days whose calls are no longer kept say nothing
        before.setdefault(slot[1], []).append(measured(slot))
    now = [measured(slot) for slot in slots]
    return [
        moved(
            measure,
            sum(one[place] for one in now),
            None,
            {name: [one[place] for one in values] for name, values in before.items()},
            slots,
            (),
            floor.judgement,
            floor.record,
        )
        for place, measure in enumerate(OF_CALLS)
    ]

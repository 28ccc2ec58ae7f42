"""Coaching in words: the list, one case, and the fair effect beside the plain one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date

from schemas.acts import Close, Plan
from schemas.floor import Floor
from services.board.storage.tasks import Task
from services.board.view.people import named
from services.board.view.task import Entry, ToHear, to_hear, verdict, wanted
from services.board.words import Words
from services.reads.cases import CaseNow, Done
from services.rules.effect import Pooled


@dataclass(frozen=True, slots=True)
class CaseLine:
    now: CaseNow
    agent: str
    team: str
    zone: str
    trainer: str
    result: str


@dataclass(frozen=True, slots=True)
class Led:
    """A task that led to the case."""

    task: Task
    what: str
    ended: str


@dataclass(frozen=True, slots=True)
class CaseView:
    line: CaseLine
    reason: str
    tasks: Sequence[Led]
    hear: Sequence[ToHear]
    fair: str
    naive: str
    history: Sequence[Entry]
    plan_on: Date | None


@dataclass(frozen=True, slots=True)
class EffectLine:
    """``effect`` says "not enough data" where there is none; texts, so that table and reader see the same."""

    name: str
    episodes: int
    agents: int
    effect: str
    range: str
    naive: str
    known: bool


def line_of(one: CaseNow, floor: Floor, names: Mapping[str, str], w: Words) -> CaseLine:
    row, team = one.case.row, floor.team_by_id.get(one.case.team)
    return CaseLine(
        one,
        names.get(row.agent, row.agent),
        team.title if team else one.case.team,
        w.known("coaching.zone", row.step),
        names.get(one.trainer, one.trainer) or w("coaching.nobody"),
        _fair(one, w),
    )


def case_view(one: CaseNow, led: Sequence[Task], floor: Floor, names: Mapping[str, str], w: Words) -> CaseView:
    hear: dict[str, ToHear] = {}
    for task in reversed(led):
        for call in to_hear(task.evidence, names, task.row.agent, w):
            hear.setdefault(call.call, call)
    return CaseView(
        line=line_of(one, floor, names, w),
        reason=w.known("coaching", one.case.row.reason),
        tasks=[Led(task, wanted(task, w), verdict(task, floor, w)) for task in led],
        hear=list(hear.values()),
        fair=_fair(one, w),
        naive=_naive(one, w),
        history=[Entry(act.at, named(act.by, names, w), *_told(act, w)) for act in one.acts],
        plan_on=one.plan.on if one.plan else None,
    )


def effect_lines(found: Mapping[str, Pooled], w: Words) -> list[EffectLine]:
    lines = []
    for name, one in found.items():
        known = one.effect is not None and one.low is not None and one.high is not None
        lines.append(
            EffectLine(
                name,
                one.episodes,
                one.agents,
                w("effects.little") if one.effect is None else signed(one.effect, w),
                ""
                if one.low is None or one.high is None
                else w("effects.range", low=signed(one.low, w), high=signed(one.high, w)),
                "" if one.naive is None else signed(one.naive, w),
                known,
            )
        )
    return lines


def signed(share: float, w: Words) -> str:
    """``+12 %``, ``−5 %``."""
    text = w.share(abs(share))
    rounded = round(100 * share)
    return f"+{text}" if rounded > 0 else f"−{text}" if rounded < 0 else text


def _fair(one: CaseNow, w: Words) -> str:
    """The effect of the case, as a share of what was to be expected without it; "" where there are no days yet."""
    found = one.result
    if found is None or found.expected <= 0:
        return ""
    share = (found.done - found.expected) / found.expected
    low = (found.done - found.high) / found.expected
    high = (found.done - found.low) / found.expected
    return w("coaching.result.fair", effect=signed(share, w), low=signed(low, w), high=signed(high, w))


def _naive(one: CaseNow, w: Words) -> str:
    told = one.episode
    if told is None or not told.done_before or not told.due_before or not told.due_since:
        return ""
    ratio = (told.done_since / told.due_since) / (told.done_before / told.due_before) - 1
    return w("coaching.result.naive", naive=signed(ratio, w))


def _told(done: Done, w: Words) -> tuple[str, str]:
    match done.act:
        case Plan() as plan:
            return w("coaching.act.plan"), plan.text
        case Close() as close:
            return w("coaching.act.close", outcome=w.known("outcome", close.outcome)), close.note
        case _:
            return done.kind, ""

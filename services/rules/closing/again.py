"""Slices of a day that are frozen, judged again with the minutes known now: what later closes and revisions both rest on.

Counts and trust stay as they were frozen; targets follow the minutes, and levels the targets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from schemas.rows import SliceRow
from schemas.steps import STEPS, Level
from services.rules.closing.evidence import Doubts
from services.rules.closing.rows import dues
from services.rules.closing.view import FloorView
from services.rules.day import CutOff
from services.rules.judging import Due, Judged, judge, still_deviating
from services.rules.memory import Key

SAME: Final = 1.5e-6
"""Targets are frozen to six decimals."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """One slice of a day as it was frozen."""

    cut: CutOff
    rows: Sequence[SliceRow]


@dataclass
class Again:
    """``levels``: of every row as it is seen now. ``judged``: every row, once anything of the day differs from what was
    frozen; empty before. ``differing``: teams of whom some target is another, at this slice or before."""

    view: FloorView
    frozen: Frozen
    levels: Mapping[Key, Level]
    differing: frozenset[str]
    judged: Sequence[Judged] = ()

    @cached_property
    def dues(self) -> Sequence[Due]:
        """Of every row; of a day that nothing was learned of since, nobody asks for them."""
        return _dues(self.view, self.frozen)


def again(view: FloorView, slices: Sequence[Frozen]) -> Iterator[Again]:
    """
    Args:
        slices: frozen slices of the view's day, oldest first. ``watch`` needs all of them; soft and hard do not.
    """
    deviating: frozenset[Key] = frozenset()
    differing: frozenset[str] = frozenset()
    for one in slices:
        differing |= _differing(view, one)
        levels: dict[Key, Level] = {(row.agent, row.step): row.level for row in one.rows}
        now = Again(view, one, levels, differing)
        if differing:  # Judging a large floor takes a second: not for nothing.
            now.judged = judge(now.dues, deviating, view.floor.judgement)
            levels.update({each.key: each.level for each in now.judged})
        deviating = still_deviating(deviating, levels)
        yield now


def _differing(view: FloorView, one: Frozen) -> frozenset[str]:
    """Teams of whom some target is not the one that was frozen: that of exposures alone, which says it without judging."""
    found: set[str] = set()
    for row in one.rows:
        agent = view.floor.agent_by_id.get(row.agent)
        if agent is None or row.team in found:
            continue
        now = view.due(agent, view.today.starts, one.cut.at)
        if (row.step in now or row.done) and other(row.target, now.get(row.step)):
            found.add(row.team)
    return frozenset(found)


def _dues(view: FloorView, one: Frozen) -> list[Due]:
    """What was frozen, with the minutes known now: counts, team and trust are those of the rows."""
    doubts: Doubts = {team.id: dict.fromkeys(STEPS, ()) for team in view.floor.teams}
    frozen = {(row.agent, row.step): row for row in one.rows}
    return [
        msgspec.structs.replace(due, team=was.team, trusted=was.trusted)
        for due in dues(view.as_counted(one.rows), one.cut, doubts)
        if (was := frozen.get((due.agent, due.step))) is not None
    ]


def other(was: float | None, now: float | None) -> bool:
    """Whether a target is not the one that was frozen."""
    return (was is None) != (now is None) or (was is not None and now is not None and abs(was - now) > SAME)

"""Slices of a day that are frozen, judged again with the minutes known now: what later closes and revisions both rest on.

Counts and trust stay as they were frozen; targets follow the minutes, and levels the targets.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

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


@dataclass(frozen=True, slots=True)
class Again:
    """``levels``: of every row as it is seen now. ``judged``: every row, once anything of the day differs from what was
    frozen; empty before. ``differing``: teams of whom some target is another, at this slice or before."""

    frozen: Frozen
    dues: Sequence[Due]
    judged: Sequence[Judged]
    levels: Mapping[Key, Level]
    differing: frozenset[str]


def again(view: FloorView, slices: Sequence[Frozen]) -> Iterator[Again]:
    """
    Args:
        slices: frozen slices of the view's day, oldest first. ``watch`` needs all of them; soft and hard do not.
    """
    doubts: Doubts = {team.id: dict.fromkeys(STEPS, ()) for team in view.floor.teams}
    deviating: frozenset[Key] = frozenset()
    differing: set[str] = set()
    for one in slices:
        frozen = {(row.agent, row.step): row for row in one.rows}
        expected = [
            replace(due, team=was.team, trusted=was.trusted)
            for due in dues(view.as_counted(one.rows), one.cut, doubts)
            if (was := frozen.get((due.agent, due.step))) is not None
        ]
        differing.update(due.team for due in expected if other(frozen[due.agent, due.step].target, due.expected))
        levels: dict[Key, Level] = {key: row.level for key, row in frozen.items()}
        # Judging a large floor takes a second: not for nothing.
        judged = judge(expected, deviating, view.floor.judgement) if differing else []
        levels.update({now.key: now.level for now in judged})
        deviating = still_deviating(deviating, levels)
        yield Again(one, expected, judged, levels, frozenset(differing))


def other(was: float | None, now: float | None) -> bool:
    """Whether a target is not the one that was frozen."""
    return (was is None) != (now is None) or (was is not None and now is not None and abs(was - now) > SAME)

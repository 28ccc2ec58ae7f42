"""What an agent's last frozen slice says, put into one level and one deciding step. Decides nothing new: it chooses."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from schemas.rows import SliceRow
from schemas.steps import STEPS, Step
from services.board.today import Today

Shown = Literal["ok", "watch", "soft", "hard", "not_enough_data", "technical", "untrusted", "none"]

WEIGHT: Final[Mapping[str, int]] = {
    "hard": 6,
    "soft": 5,
    "watch": 4,
    "technical": 3,
    "ok": 1,
    "not_enough_data": 1,
    "untrusted": 1,
    "none": 0,
}
"""Order by need: who is helped first. It is an order of help, not a ranking of people."""


@dataclass(frozen=True, slots=True)
class Standing:
    """``step`` is the one that decides: the open task's (the first broken rung), else the first that deviates; None when
    none does. ``row`` and ``p_below`` are of the step that deviates, which a task may trace back to an earlier one."""

    level: Shown
    step: Step | None
    p_below: float | None
    row: SliceRow | None

    @property
    def need(self) -> tuple[int, float]:
        return -WEIGHT[self.level], -(self.p_below or 0.0)


def standing(today: Today, agent: str) -> Standing:
    """Standing of *agent* at the last closed slice."""
    rows = [row for step in STEPS if (row := today.rows.get((agent, step))) is not None]
    if agent in today.technical_now:
        return Standing("technical", None, None, None)
    if not rows:
        return Standing("none", None, None, None)
    task = today.open_task(agent)
    for level in ("hard", "soft", "watch"):
        found = [row for row in rows if row.level == level]
        if found:
            first = next((row for row in found if task and row.step == task.row.step), found[0])
            return Standing(level, task.row.step if task else first.step, first.p_below, first)
    if any(row.level == "ok" for row in rows):
        return Standing("ok", task.row.step if task else None, None, None)
    untrusted = not any(row.trusted for row in rows)
    return Standing("untrusted" if untrusted else "not_enough_data", task.row.step if task else None, None, None)

"""Habits worth a look (DOMAIN §12): counts of one agent's last weeks against what honest work looks like.

Never a verdict and never a task: each has an innocent explanation, which is shown beside it. Shares are beta posteriors with a
flat prior; a pile above the long-call limit is a binomial tail against the durations around it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from scipy.special import betainc, betaincc

from schemas.floor.gaming import Gaming

Habit = Literal["pile", "same_number", "quick", "unheard", "late_marks", "unpaid"]
BINS_AROUND: Final = 8
"""The durations around the limit: four bins under it and four above the suspicious one, each as wide as it."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What one agent did in the window.

    ``just_above``: talks of [L, L + width); ``around``: talks of the bins around, L the team's long-call limit.
    ``same_number``: most calls to one number in one day. ``quick``: of ``answered``. ``unheard``: presentations without a
    talk before them, of ``presentations``. ``late_marks``: of ``linked_marks``, presentations that name their call.
    ``invoices``: old enough to be paid, ``paid`` of them.
    """

    agent: str
    team: str
    just_above: int = 0
    around: int = 0
    same_number: int = 0
    answered: int = 0
    quick: int = 0
    presentations: int = 0
    unheard: int = 0
    linked_marks: int = 0
    late_marks: int = 0
    invoices: int = 0
    paid: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """``count`` of ``of``; ``usual``: what would be usual of the same ``of`` (a count), None where there is only a limit."""

    habit: Habit
    count: int
    of: int
    usual: float | None = None


def looks(own: Habits, peers: Habits, by: Gaming) -> list[Look]:
    """What is worth a look about one agent.

    Args:
        peers: the same counts of the rest of the team, added up.
    """
    return [found for check in _CHECKS if (found := check(own, peers, by)) is not None]


def others(team: Mapping[str, Habits], agent: str) -> Habits:
    """Counts of everybody in *team* but *agent*."""
    rest = [one for name, one in team.items() if name != agent]
    return Habits("", "", invoices=sum(one.invoices for one in rest), paid=sum(one.paid for one in rest))


def p_share_above(count: int, of: int, limit: float) -> float:
    """P(share > limit) with a flat prior."""
    return float(betaincc(1 + count, 1 + of - count, limit))


def _pile(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    whole = own.just_above + own.around
    if own.just_above < by.pile_min:
        return None
    chance = float(betainc(own.just_above, own.around + 1, 1 / (BINS_AROUND + 1)))  # P(Bin(whole, 1/9) ≥ just_above)
    return Look("pile", own.just_above, whole, whole / (BINS_AROUND + 1)) if chance < by.pile_p else None


def _same_number(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    return Look("same_number", own.same_number, 1) if own.same_number >= by.same_number_per_day else None


def _quick(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    return _share("quick", own.quick, own.answered, by.quick_min, by.quick_share, by)


def _unheard(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    return _share("unheard", own.unheard, own.presentations, by.marks_min, by.unheard_share, by)


def _late_marks(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    return _share("late_marks", own.late_marks, own.linked_marks, by.marks_min, by.late_share, by)


def _unpaid(own: Habits, peers: Habits, by: Gaming) -> Look | None:
    if min(own.invoices, peers.invoices) < by.invoices_min or not peers.paid:
        return None
    usual = peers.paid / peers.invoices
    below = 1 - p_share_above(own.paid, own.invoices, by.unpaid_below * usual)
    return (
        Look("unpaid", own.invoices - own.paid, own.invoices, own.invoices * (1 - usual)) if below >= by.sure else None
    )


def _share(habit: Habit, count: int, of: int, least: int, limit: float, by: Gaming) -> Look | None:
    if of < least or p_share_above(count, of, limit) < by.sure:
        return None
    return Look(habit, count, of, limit * of)


_CHECKS: Final[tuple[Callable[[Habits, Habits, Gaming], Look | None], ...]] = (
    _pile,
    _same_number,
    _quick,
    _unheard,
    _late_marks,
    _unpaid,
)

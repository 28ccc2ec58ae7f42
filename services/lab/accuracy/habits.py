"""Habits worth a look: how often honest work is pointed at, and how surely plain offence is (DOMAIN §12).

Honest: durations of talks are smooth (exponential, as many long ones as on the floor with five steps), shares lie at half their
limits, every number is called about twice a day, invoices are paid as often as the team's. A plain offender drags half of the
talks that end shortly before the long-call limit over it, has shares half as high again as their limits, calls one number about
twice as often as its limit on one day, and gets half the share of invoices paid that is just low enough.
"""

from collections import Counter
from collections.abc import Callable
from math import exp, log
from random import Random
from typing import Final, get_args

import msgspec

from schemas.floor import Floor
from services.lab.accuracy.floors import FUNNEL, TEAM, five_steps
from services.lab.accuracy.rates import Expected, Share, at_most
from services.lab.simulate.chance import poisson, stream
from services.rules.gaming import BINS_AROUND, Habit, Habits, looks

PAID: Final = 1 / 3
"""Of the floor's invoices, in the end."""
INVOICE_DAYS: Final = 40
"""Working days whose invoices are old enough and looked at."""
PER_NUMBER: Final = 2
"""Calls a day to one number, on the mean."""
HONEST: Final = "honest"
OFFENDER: Final = "plain offender"
HABITS: Final[tuple[Habit, ...]] = get_args(Habit)
UNJUDGED: Final[frozenset[Habit]] = frozenset({"same_number"})
"""A plain limit: no share of honest people follows from it."""


class HabitOf(msgspec.Struct, frozen=True, kw_only=True):
    habit: str
    honest: Share
    expected: Expected | None
    agrees: bool | None
    offender: Share


def people(agents: int, days: int) -> int:
    """Of either kind: each is as much work as a few of the days that others play."""
    return max(1, agents * days // 8)


def work(agents: int, days: int) -> int:
    """People that ``habits`` reports."""
    return 2 * people(agents, days)


def habits(agents: int, days: int, seed: int, advance: Callable[[int], object] = lambda _: None) -> list[HabitOf]:
    """One line a habit, and one for any of them."""
    floor, of = five_steps(1), people(agents, days)
    found = {}
    for kind in (HONEST, OFFENDER):
        found[kind] = seen(floor, kind, of, seed)
        advance(of)
    honest, offender = found[HONEST], found[OFFENDER]
    lines = []
    for habit in (*HABITS, "any"):
        share, expected = Share.count(honest[habit], of), allowed(floor, habit)
        agrees = None if expected is None else expected.agrees(share)
        of_offender = Share.count(offender[habit], of)
        lines.append(HabitOf(habit=habit, honest=share, expected=expected, agrees=agrees, offender=of_offender))
    return lines


def allowed(floor: Floor, habit: str) -> Expected | None:
    """The most of honest people that may be pointed at; None where nothing follows from the rule."""
    if habit in UNJUDGED or habit == "any":
        return None
    return at_most(floor.gaming.pile_p if habit == "pile" else round(1 - floor.gaming.sure, 6))


def seen(floor: Floor, kind: str, of: int, seed: int) -> Counter[str]:
    """Of *of* people of that kind, at whom each check points."""
    random, found = stream(seed, "habits", kind), Counter[str]()
    for _ in range(of):
        own = person(floor, random, honest=kind == HONEST)
        invoices = (TEAM - 1) * own.invoices
        team = Habits("", "", invoices=invoices, paid=_binomial(random, invoices, PAID))
        pointed = {look.habit for look in looks(own, team, floor.gaming)}
        found.update(pointed)
        found["any"] += bool(pointed)
    return found


def person(floor: Floor, random: Random, *, honest: bool) -> Habits:
    """The counts of one person's window."""
    by, days = floor.gaming, floor.gaming.days
    share = 0.5 if honest else 1.5
    answered, marks = round(FUNNEL["answered"] * days), round(FUNNEL["presentations"] * days)
    invoices = round(FUNNEL["invoices"] * INVOICE_DAYS)
    just_above, around = _talks(floor, random, answered, honest=honest)
    return Habits(
        agent="a0",
        team="t0",
        just_above=just_above,
        around=around,
        same_number=_same_number(floor, random, honest=honest),
        answered=answered,
        quick=_binomial(random, answered, share * by.quick_share),
        presentations=marks,
        unheard=_binomial(random, marks, share * by.unheard_share),
        linked_marks=marks,
        late_marks=_binomial(random, marks, share * by.late_share),
        invoices=invoices,
        paid=_binomial(random, invoices, PAID if honest else PAID * by.unpaid_below / 2),
    )


def _talks(floor: Floor, random: Random, talks: int, *, honest: bool) -> tuple[int, int]:
    """Talks just above the limit, and around it."""
    limit, width = floor.long_call_s, floor.gaming.pile_width_s
    side, mean = BINS_AROUND // 2, limit / log(FUNNEL["answered"] / FUNNEL["long_calls"])
    first, last = limit - side * width, limit + (side + 1) * width
    inside = _binomial(random, talks, exp(-first / mean) - exp(-last / mean))
    just_above = around = 0
    for _ in range(inside):
        lasts = _within(random, mean, first, last)
        if not honest and lasts < limit and random.random() < 0.5:
            lasts = limit
        if limit <= lasts < limit + width:
            just_above += 1
        else:
            around += 1
    return just_above, around


def _within(random: Random, mean: float, first: float, last: float) -> float:
    """An exponential duration that is known to lie between."""
    return first - mean * log(1 - random.random() * (1 - exp((first - last) / mean)))


def _same_number(floor: Floor, random: Random, *, honest: bool) -> int:
    """Most calls to one number on one day of the window."""
    calls = round(FUNNEL["calls"])
    numbers = calls // PER_NUMBER
    most = max(max(Counter(random.choices(range(numbers), k=calls)).values()) for _ in range(floor.gaming.days))
    return most if honest else max(most, poisson(random, 2 * floor.gaming.same_number_per_day))


def _binomial(random: Random, of: int, share: float) -> int:
    return sum(random.random() < share for _ in range(of))

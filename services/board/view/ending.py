"""The plan of the day in words: how likely, and between which counts the day will end."""

from dataclasses import dataclass
from datetime import datetime

from services.board.today import Today
from services.board.words import Words
from services.reads.forecast import of_team
from services.rules.deviation import EXACT
from services.rules.forecast import whole


@dataclass(frozen=True, slots=True)
class Ending:
    """``title`` names the plan, ``chance`` is P(plan) or that it is reached, ``expected`` the 80 % interval."""

    title: str
    chance: str
    expected: str
    line: str


def ending(today: Today, now: datetime, w: Words) -> Ending | None:
    """Payments of the whole floor; None where there is no plan of the day."""
    found = of_team(today, None, "payments", now)
    if found is None or found.plan is None or found.p_plan is None:
        return None
    reached = found.done >= found.plan - EXACT
    chance = w("top.day_plan_met") if reached else w("top.day_plan_chance", sure=w.sure(found.p_plan))
    between = w.num(found.low) if found.low == found.high else f"{w.num(found.low)}–{w.num(found.high)}"
    return Ending(
        title=w("top.day_plan") if reached else w("top.day_plan_of", n=whole(found.plan)),
        chance=chance,
        expected=w("top.day_plan_range", range=between),
        line=w("top.day_plan_line", n=found.high, sure=chance, range=between),
    )

"""The floors on which the rules are tried, and the people on them. The truth about each is known."""

from dataclasses import dataclass
from datetime import date as Date
from typing import Final

from schemas.floor import Floor, parse
from schemas.steps import Step

DATE: Final = Date(2026, 11, 23)
"""Every day that is played is this one (a Monday), begun afresh: no open task, no coaching case."""

TEAM: Final = 20
"""People in a team of the floor with five steps: one at 70 %, one at 50 %, the others on norm."""


@dataclass(frozen=True, slots=True)
class Kind:
    """People whose true pace is this multiple of the norm."""

    name: str
    pace: float


ON_NORM: Final = Kind("on norm", 1.0)
AT_70: Final = Kind("at 70 %", 0.7)
AT_50: Final = Kind("at 50 %", 0.5)
KINDS: Final = (ON_NORM, AT_70, AT_50)

FUNNEL: Final[dict[Step, float]] = {
    "calls": 90,
    "answered": 32,
    "long_calls": 10,
    "presentations": 7,
    "invoices": 3,
    "payments": 1,
}
"""A day's funnel of somebody on norm; each step is a share of the one before. ``answered`` is counted and has no norm."""

ALONE = "judgement: {overdispersion: 1, fdr: null, task_budget_share: null, team: {min_agents: 1000000}}"
"""The conditions of DOMAIN §7: φ = 1, neither limit of §6, and nobody judged by the team."""


def one_step(agents: int, judgement: str = ALONE) -> Floor:
    """DOMAIN §7's floor: forty calls due in eight hours without a break, in four slices of ten."""
    return parse(
        f"""
timezone: Europe/Moscow
day: {{start: "09:00", end: "17:00"}}
slices: ["11:00", "13:00", "15:00", "17:00"]
teams: [{{id: t0}}]
agents: [{", ".join(f"{{id: a{n}, team: t0}}" for n in range(agents))}]
norms: [{{for: {{floor: main}}, per_day: {{calls: 40}}}}]
{judgement}
"""
    )


def five_steps(agents: int) -> Floor:
    """Teams of TEAM with norms on the five results of DOMAIN §1, judged by the defaults: φ = 1.3, limits, common cause."""
    due = ", ".join(f"{step}: {count}" for step, count in FUNNEL.items() if step != "answered")
    return parse(
        f"""
timezone: Europe/Moscow
day: {{start: "09:00", end: "18:00", breaks: ["13:00-14:00"]}}
slices: ["11:00", "13:30", "16:00", "18:00"]
teams: [{", ".join(f"{{id: t{n}}}" for n in range((agents + TEAM - 1) // TEAM))}]
agents: [{", ".join(f"{{id: a{n}, team: t{n // TEAM}}}" for n in range(agents))}]
norms: [{{for: {{floor: main}}, per_day: {{{due}}}}}]
"""
    )


def kind_in_team(place: int) -> Kind:
    """Of the agent at *place* on the floor with five steps."""
    return {0: AT_50, 1: AT_70}.get(place % TEAM, ON_NORM)

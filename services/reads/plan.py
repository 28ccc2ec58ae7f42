"""Plan and fact of a day, step by step: reckoned once for the report, the evening's message and ``/api/v1/report``.

Source: docs/decisions/0046-one-number-one-name.md
"""

from dataclasses import dataclass
from datetime import datetime

from schemas.floor import Team
from schemas.steps import STEPS, Step
from services.reads.day import DayNow, due_of
from services.reads.forecast import of_team
from services.rules.forecast import whole


@dataclass(frozen=True, slots=True)
class PlanAndFact:
    """``due``: of the norms for the minutes worked up to the moment; ``plan``: of the whole day, never lowered. Both are
    None where nobody has a norm."""

    step: Step
    done: int
    due: float | None
    plan: float | None

    @property
    def plan_count(self) -> int | None:
        """The plan as people are shown it."""
        return None if self.plan is None else whole(self.plan)


def plan_and_fact(today: DayNow, team: Team | None, moment: datetime) -> list[PlanAndFact]:
    """Every step of a team, or of the whole floor where *team* is None."""
    return [_step(today.everybody, team, step, moment) for step in STEPS]


def _step(today: DayNow, team: Team | None, step: Step, moment: datetime) -> PlanAndFact:
    members = [agent.id for agent in today.floor.agents if team is None or agent.team == team.id]
    dues = [value for agent in members if (value := due_of(today, agent, step, moment)) is not None]
    foreseen = of_team(today, team, step, moment) if today.day.working else None
    return PlanAndFact(
        step=step,
        done=sum(today.agents[agent].done.get(step, 0) for agent in members if agent in today.agents),
        due=sum(dues) if dues else None,
        plan=foreseen.plan if foreseen else None,
    )

"""How deviations become verdicts and tasks: limits of DOMAIN §6 and §7, and what was learned in their place."""

from functools import cached_property

from pydantic import Field

from schemas.floor.learned import Learned, Prior
from schemas.floor.strict import Share, Strict
from schemas.steps import Step


class Soft(Strict):
    below: float = Field(0.9, gt=0)
    probability: Share = 0.75
    probability_many: Share = 0.85
    min_shortfall: float = Field(1, ge=0)


class Hard(Strict):
    below: float = Field(0.8, gt=0)
    probability: Share = 0.90


class Fdr(Strict):
    hard: Share = 0.05


class TeamJudgement(Strict):
    prior_cv: float = Field(0.15, gt=0)
    probability: Share = 0.90
    min_agents: int = Field(4, ge=2)


class SliceDrop(Strict):
    """Shown beside the verdict: this slice against one's own earlier pace, by rate."""

    below: Share = 0.8
    probability: Share = 0.90
    past_days: int = Field(5, ge=1, description="so many earlier days of the same slice are compared with")
    technical_share: Share = Field(
        0.05, description="of a team, whoever lost this share of the day or more is not compared"
    )


class Drift(Strict):
    """Worth a look, never an alert: a slow decline over days, found by a cumulative sum."""

    rate: float = Field(0.5, gt=0, lt=1, description="the share of the norm it is tuned to find")
    slices_per_false_alarm: int = Field(200, ge=10)


class Verification(Strict):
    done_probability: Share = 0.60
    not_done_probability: Share = 0.75
    invalid_technical_share: Share = 0.25
    recheck_days: int = Field(5, ge=1)


class Judgement(Strict):
    prior_cv: float = Field(0.4, gt=0)
    soft: Soft = Soft()
    hard: Hard = Hard()
    leave_probability: Share = 0.5
    min_expected: float = Field(3, ge=0)
    overdispersion: float = Field(1.3, ge=1)
    fdr: Fdr | None = Fdr()
    task_budget_share: Share | None = 0.20
    team: TeamJudgement = TeamJudgement()
    drop: SliceDrop = SliceDrop()
    drift: Drift = Drift()
    verification: Verification = Verification()
    learned: tuple[Learned, ...] = Field((), description="by team and step, written by `srez norms apply`")

    @cached_property
    def learned_of(self) -> dict[tuple[str, Step], Prior]:
        return {(one.for_.team, one.step): Prior(one.prior_cv, one.overdispersion, one.mean) for one in self.learned}

    def of(self, team: str, step: Step) -> Prior:
        """What holds for the agents of *team* on *step*: learned, else the same for everybody."""
        return self.learned_of.get((team, step)) or Prior(self.prior_cv, self.overdispersion)

"""What `srez norms apply` learned of a team's people: how much they differ and scatter, and where their mean lies."""

from typing import NamedTuple

from pydantic import Field

from schemas.floor.strict import Strict
from schemas.steps import Step


class Prior(NamedTuple):
    """Of an agent's multiplier of the norm on one step: its CV and mean, and the overdispersion of counts."""

    prior_cv: float
    overdispersion: float
    mean: float = 1.0


class LearnedFor(Strict):
    team: str


class Learned(Strict):
    for_: LearnedFor = Field(alias="for")
    step: Step
    prior_cv: float = Field(gt=0, le=3)
    overdispersion: float = Field(ge=1, le=20)
    mean: float = Field(1.0, gt=0, le=5, description="the team's mean against its norm")

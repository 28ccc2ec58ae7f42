"""How far coaching looks back, and when a task's record says that something moved (DOMAIN §7)."""

from typing import Self

from pydantic import Field, model_validator

from schemas.floor.strict import Share, Strict


class Coaching(Strict):
    shown_days: int = Field(90, ge=1, description="cases of so many days are listed")
    effect_days: int = Field(60, ge=1, description="the fair effect of tasks and trainers is that of so many days")
    before_days: int = Field(
        14, ge=1, description="how an agent was before a case: so many days up to its opening; tasks of them led to it"
    )

    @model_validator(mode="after")
    def _effects_are_of_listed_cases(self) -> Self:
        if self.effect_days > self.shown_days:
            raise ValueError("effect_days must not be more than shown_days")
        return self


class Record(Strict):
    """проверка У2У: what is compared with what, and from where on it is called more or less."""

    days: int = Field(20, ge=1, description="the agent's own past: so many working days before the task")
    min_days: int = Field(3, ge=1, description="fewer own days of the same kind say nothing")
    min_peers: int = Field(3, ge=1, description="fewer colleagues in the same slices say nothing")
    sure: Share = Field(0.75, description="so sure must be what is called more or less")
    more: float = Field(1.1, gt=1, description="more: above so much of what was due or usual")
    less: float = Field(0.9, gt=0, lt=1, description="less: below so much of it")

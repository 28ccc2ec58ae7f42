"""Where a norm comes from: written beside it by `srez norms apply` (DOMAIN §4: window and members are published with it)."""

from datetime import date as Date
from typing import Literal

from pydantic import Field, model_validator

from schemas.floor.strict import Strict

Source = Literal["review", "changed", "hand"]
"""A norm's number: as a review gave it; changed by hand since a review; by hand from the first."""


class Origin(Strict):
    """Of one step. The numbers are kept as the review gave them: a number beside that differs was changed by hand since."""

    since: Date = Field(description="first working day looked at")
    until: Date = Field(description="last working day looked at")
    days: int = Field(ge=1, description="working days that counted")
    members: int = Field(ge=1, description="people whose days those were")
    applied: Date = Field(
        description="the floor's day on which the review was applied; norms hold from the next midnight"
    )
    per_day: float | None = Field(None, ge=0, description="the norm as the review gave it")
    reference: float | None = Field(None, ge=0, description="the line of the best as the review gave it")

    @model_validator(mode="after")
    def _in_order(self) -> "Origin":
        span = (self.until - self.since).days + 1
        if span < 1:
            raise ValueError("since must not be after until")
        if self.days > span:
            raise ValueError(f"there are {span} days from since to until, not {self.days}")
        if self.per_day is None and self.reference is None:
            raise ValueError("give per_day or reference as the review gave it")
        return self

"""How norms are reviewed: the block ``review`` of the floor file."""

from typing import Annotated

from pydantic import Field, field_validator

from schemas.floor.strict import Share, Strict


class Review(Strict):
    """How `srez norms propose` looks at the norms (DOMAIN §4)."""

    window_days: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        (20, 60), description="working days looked back on: at least, at most"
    )
    min_events: int = Field(100, ge=1, description="fewer results of a segment's step make no reference")
    min_agents: int = Field(2, ge=1, description="fewer people make no reference")
    min_exposed_min: float = Field(60, ge=0, description="shorter days of an agent are left out")
    reference_share: Share = Field(0.15, description="the best who hold this share of all exposure")
    way: Share = Field(0.25, description="how far from the segment's mean to the reference the norm is set")
    max_change: Share = Field(0.05, description="of a norm, per review")
    median_raise: float = Field(0.10, ge=0, description="without a reference: the floor's median raised by this share")

    @field_validator("window_days")
    @classmethod
    def _window(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("the window's least must not exceed its most")
        return value

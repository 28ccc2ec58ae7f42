"""Scenarios: what happens on a simulated floor, by name. Places in a team are counted from 0, in the floor file's order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Final, Literal

from schemas.steps import STEPS, Step
from services.kit.errors import BadInput

Place = tuple[int, int]
"""(team, agent in the team)."""


@dataclass(frozen=True, slots=True)
class Cast:
    """How good somebody is: counts from the step ``weak_from`` on come out at skill × norm, earlier ones at the norm."""

    skill: float = 1.0
    weak_from: Step = "calls"

    def of(self, step: Step) -> float:
        return self.skill if STEPS.index(step) >= STEPS.index(self.weak_from) else 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """``line``: the first trunk of the busiest PBX answers Q.850 34 / SIP 503; ``source``: a PBX does nothing at all."""

    kind: Literal["line", "source"]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Technical:
    """Somebody's workplace is broken and the state ``technical`` is set for it."""

    place: Place
    start: time
    end: time
    reason: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. Shares are 0–1; ``overdispersion`` is the variance of a day's calls over their mean (≥ 1)."""

    name: str
    story: str
    casts: Mapping[Place, Cast] = field(default_factory=dict)
    every_nth: Mapping[int, Cast] = field(default_factory=dict)
    """n → everybody at places n−1, 2n−1, … of each team; ``casts`` wins."""
    pace: float = 1.0
    """Everybody's multiplier: the offer or the day is to blame, not the people."""
    overdispersion: float = 1.0
    outages: tuple[Outage, ...] = ()
    technical: tuple[Technical, ...] = ()
    late_share: float = 0.0
    duplicate_share: float = 0.0
    odd_share: float = 0.0
    transcribed_share: float = 0.0
    """Of long calls."""
    unknown_calls: int = 0
    """Calls of an extension that is on nobody's roster line."""
    weekday: int | None = None
    """Days move forward to this weekday (0 is Monday)."""

    def cast(self, place: Place) -> Cast:
        if place in self.casts:
            return self.casts[place]
        return next((cast for n, cast in self.every_nth.items() if (place[1] + 1) % n == 0), Cast())


SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.name: scenario
    for scenario in (
        Scenario("normal", "nobody lags, no line fails", duplicate_share=0.01),
        Scenario(
            "demo",
            "a few lag, one excels, a trunk dies 14:20-14:55, some webhooks come late, twice or broken",
            casts={
                (0, 2): Cast(0.5, "calls"),
                (0, 5): Cast(0.7, "calls"),
                (0, 7): Cast(1.25),
                (1, 1): Cast(0.5, "long_calls"),
                (1, 4): Cast(0.7, "long_calls"),
            },
            overdispersion=1.3,
            outages=(Outage("line", time(14, 20), time(14, 55)),),
            technical=(Technical((1, 2), time(11, 30), time(12, 20), "headset"),),
            late_share=0.01,
            duplicate_share=0.01,
            odd_share=0.003,
            transcribed_share=0.7,
            unknown_calls=6,
        ),
        Scenario(
            "trunk_dead",
            "all at the norm; the first trunk of the busiest PBX is dead 14:20-14:55",
            outages=(Outage("line", time(14, 20), time(14, 55)),),
            duplicate_share=0.01,
        ),
        Scenario(
            "pbx_silent",
            "all at the norm; the busiest PBX does nothing 11:30-12:30 and nothing comes from it",
            outages=(Outage("source", time(11, 30), time(12, 30)),),
            duplicate_share=0.01,
        ),
        Scenario("quiet_friday", "a Friday at 70 % for everybody: one common cause, not people", pace=0.7, weekday=4),
        Scenario(
            "lagging",
            "every third agent at 50 %, every fourth at 70 %, lines are fine",
            every_nth={3: Cast(0.5), 4: Cast(0.7, "long_calls")},
            overdispersion=1.3,
        ),
    )
}


def scenario_named(name: str) -> Scenario:
    """Raises: BadInput, listing the names there are."""
    if name not in SCENARIOS:
        known = "\n".join(f"  {scenario.name:<13}{scenario.story}" for scenario in SCENARIOS.values())
        raise BadInput(f"no scenario {name!r}; there are:\n{known}", "bad_value")
    return SCENARIOS[name]

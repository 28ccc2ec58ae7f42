"""Which steps of the funnel a fact counts in (DOMAIN §3), and the live funnel of one agent and day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.facts import INVOICE, PAYMENT, PRESENTATION, CallEnded, Data, Direction, Disposition
from schemas.floor import Floor
from schemas.steps import Step

NOTHING: Final[tuple[Step, ...]] = ()
_DIALLED: Final[tuple[Step, ...]] = ("calls",)
_ANSWERED: Final[tuple[Step, ...]] = ("calls", "answered")
_LONG: Final[tuple[Step, ...]] = ("calls", "answered", "long_calls")
_OTHER: Final[Mapping[str, tuple[Step, ...]]] = {
    PRESENTATION: ("presentations",),
    INVOICE: ("invoices",),
    PAYMENT: ("payments",),
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How a team counts calls; seconds of talk."""

    long_s: int
    short_s: int
    count_inbound: bool


def thresholds(floor: Floor, team: str) -> Thresholds:
    found = floor.team_by_id.get(team)
    return Thresholds(floor.long_call_of(team), floor.short_call_of(team), bool(found and found.count_inbound))


def call_steps(direction: Direction, disposition: Disposition, talk_s: float, by: Thresholds) -> tuple[Step, ...]:
    """Steps of one call. Outbound attempts of any disposition count; inbound only answered, where the team counts it."""
    answered = disposition == "answered"
    if direction != "outbound" and not (direction == "inbound" and answered and by.count_inbound):
        return NOTHING
    if not answered:
        return _DIALLED
    return _LONG if talk_s >= by.long_s else _ANSWERED


def is_short(direction: Direction, disposition: Disposition, talk_s: float, by: Thresholds) -> bool:
    """Answered with hardly any talk: a diagnostic, not a step."""
    return "answered" in call_steps(direction, disposition, talk_s, by) and talk_s < by.short_s


def steps_of(type_: str, data: Data, by: Thresholds) -> tuple[Step, ...]:
    if isinstance(data, CallEnded):
        return call_steps(data.direction, data.disposition, data.talk_s, by)
    return _OTHER.get(type_, NOTHING)

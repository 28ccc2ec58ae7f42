"""Time that a state took from people and no alert explains: an agent, or their telephone system, said ``technical``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.floor import Floor
from services.reads.day import Lost, technical_spans
from services.rules.exposure import NONE, Exposure
from services.rules.spans import at, clock_minutes, intersect, subtract


@dataclass(frozen=True, slots=True)
class Stated:
    """Working time of one agent; ``until`` is None while it lasts."""

    agent: str
    since: datetime
    until: datetime | None
    minutes: int


def stated(
    floor: Floor, exposures: Mapping[str, Exposure], lost: Mapping[str, Lost], moment: datetime
) -> Iterator[Stated]:
    """In the order of the floor file; pieces under a minute are left out.

    Args:
        lost: agent → technical time of alerts on the day.
        moment: of what is known; later parts of a state are still to come.
    """
    for agent in floor.agents:
        known = intersect(exposures.get(agent.id, NONE).technical, ((0.0, at(moment)),))
        for start, end in subtract(known, technical_spans(lost.get(agent.id, ()), moment)):
            if took := clock_minutes(((start, end),)):
                until = None if end >= at(moment) else datetime.fromtimestamp(end, UTC)
                yield Stated(agent.id, datetime.fromtimestamp(start, UTC), until, took)

"""The trust gate: whether a slice's data are complete enough to judge a person by (DOMAIN §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.sources import Feeders, team_sources

Doubt = Literal["silent", "late", "rejected", "replay", "backlog", "difference"]


@dataclass(frozen=True, slots=True)
class TrustEvidence:
    """What is known of the data at the close of a slice.

    ``silent``: sources with an open silence. ``delay_p95_s``: per call source, received − occurred of the slice's calls.
    ``unusable``: rejected webhooks + unattributed facts of the day, out of ``facts`` (which count both).
    """

    silent: frozenset[str] = frozenset()
    delay_p95_s: Mapping[str, float] = field(default_factory=dict)
    unusable: int = 0
    facts: int = 0
    backlog: int = 0
    replaying: bool = False
    differing: bool = False


def doubts(floor: Floor, feeders: Feeders, team: str, step: Step, seen: TrustEvidence) -> tuple[str, ...]:
    """Why *step* of *team* cannot be judged; empty when it can. Each reason is ``word`` or ``word:source``."""
    found: list[str] = []
    found += [f"silent:{source}" for source in sorted(team_sources(floor, feeders, team, step) & seen.silent)]
    callers = team_sources(floor, feeders, team, "calls")
    found += [f"late:{source}" for source in sorted(callers) if seen.delay_p95_s.get(source, 0.0) >= floor.grace_s > 0]
    if seen.facts and seen.unusable >= floor.trust.max_rejected_share * seen.facts and seen.unusable:
        found.append("rejected")
    if seen.replaying:
        found.append("replay")
    if seen.backlog:
        found.append("backlog")
    if seen.differing:
        found.append("difference")
    return tuple(found)


def gate(floor: Floor, seen: TrustEvidence) -> dict[str, dict[Step, tuple[str, ...]]]:
    """Doubts per team and step."""
    feeders = Feeders(floor)
    return {team.id: {step: doubts(floor, feeders, team.id, step, seen) for step in STEPS} for team in floor.teams}

"""The trust gate: whether a slice's data are complete enough to judge a person by (DOMAIN §5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.sources import FED_BY, team_sources, team_unheard

Doubt = Literal["silent", "unheard", "late", "rejected", "replay", "backlog", "difference"]

NO_SOURCES: Final = frozenset[str]()


@dataclass(frozen=True, slots=True)
class TrustEvidence:
    """What is known of the data at the close of a slice.

    ``silent``: sources with an open silence; ``silent_feeds``: (source, feed) of which nothing comes, though the source is
    heard. ``unheard``: sources that never sent a fact, as before they were connected.
    ``delay_p95_s``: per call source, received − occurred of the slice's calls.
    ``unusable``: rejected webhooks + unattributed facts of the day, out of ``facts`` (which count both).
    """

    silent: frozenset[str] = frozenset()
    silent_feeds: frozenset[tuple[str, str]] = frozenset()
    unheard: frozenset[str] = frozenset()
    delay_p95_s: Mapping[str, float] = field(default_factory=dict)
    unusable: int = 0
    facts: int = 0
    backlog: int = 0
    replaying: bool = False
    differing: bool = False


def _doubts(
    floor: Floor,
    step: Step,
    sources: frozenset[str],
    callers: frozenset[str],
    unheard: frozenset[str],
    seen: TrustEvidence,
) -> tuple[str, ...]:
    """Why a *step* fed by *sources* of a team whose calls come from *callers* cannot be judged; empty when it can.

    *unheard*: those of them without which nothing is known of somebody.
    """
    quiet = seen.silent | {source for source, feed in seen.silent_feeds if feed == FED_BY[step]}
    found = [f"silent:{source}" for source in sorted(sources & quiet)]
    found += [f"unheard:{source}" for source in sorted(unheard - quiet)]
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
    """Doubts per team and step. Each is ``word`` or ``word:source``."""
    sources, never = team_sources(floor), team_unheard(floor, seen.unheard)
    return {
        team.id: {
            step: _doubts(
                floor,
                step,
                sources[team.id, step],
                sources[team.id, "calls"],
                never.get((team.id, step), NO_SOURCES),
                seen,
            )
            for step in STEPS
        }
        for team in floor.teams
    }

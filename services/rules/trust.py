"""The trust gate: whether a slice's data are complete enough to judge a person by (DOMAIN §5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from schemas.floor import Floor
from schemas.steps import STEPS, Step
from services.rules.connecting import missing, of_teams
from services.rules.sources import FED_BY, team_sources

Doubt = Literal["silent", "unheard", "connected", "late", "rejected", "replay", "backlog", "difference"]

NO_SOURCES: Final[tuple[str, ...]] = ()
SOME: Final = "some_"
"""A reason with this before its word holds for some people of the team only: the others are judged."""


Doubts = Mapping[str, Mapping[Step, tuple[str, ...]]]
"""Team → step → why its data cannot be judged; empty when they can."""


@dataclass(frozen=True, slots=True)
class TrustEvidence:
    """What is known of the data at the close of a slice.

    ``silent``: sources with an open silence; ``silent_feeds``: (source, feed) of which nothing comes, though the source is
    heard. ``unheard``: sources that never sent a fact, as before they were connected; ``connected``: those that did first
    on this day, and late on it (rules.connecting).
    ``delay_p95_s``: per call source, received − occurred of the slice's calls.
    ``unusable``: rejected webhooks + unattributed facts of the day, out of ``facts`` (which count both).
    """

    silent: frozenset[str] = frozenset()
    silent_feeds: frozenset[tuple[str, str]] = frozenset()
    unheard: frozenset[str] = frozenset()
    connected: Mapping[str, datetime] = field(default_factory=dict)
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
    gone: tuple[str, ...],
    seen: TrustEvidence,
) -> tuple[str, ...]:
    """Why a *step* fed by *sources* of a team whose calls come from *callers* cannot be judged; empty when it can.

    *gone*: those of them without which nothing, or not the whole day, is known of anybody.
    """
    quiet = seen.silent | {source for source, feed in seen.silent_feeds if feed == FED_BY[step]}
    found = [f"silent:{source}" for source in sorted(sources & quiet)]
    found += [_gone(floor, source, seen) for source in gone if source not in quiet]
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


def _gone(floor: Floor, source: str, seen: TrustEvidence) -> str:
    if source not in seen.connected:
        return f"unheard:{source}"
    return f"connected:{source}@{seen.connected[source].astimezone(floor.zone):%H:%M}"


def with_some(floor: Floor, doubts: Doubts, seen: TrustEvidence) -> dict[str, dict[Step, tuple[str, ...]]]:
    """*doubts* with what holds for some people only, as it is written down and shown."""
    _, some = of_teams(floor, missing(floor, seen.unheard, seen.connected))
    return {
        team: {
            step: (*own, *(SOME + _gone(floor, source, seen) for source in some.get((team, step), ())))
            for step, own in steps.items()
        }
        for team, steps in doubts.items()
    }


def of_everybody(reasons: Iterable[str]) -> list[str]:
    """Those of *reasons* for which nobody of the team is judged."""
    return [reason for reason in reasons if not reason.startswith(SOME)]


def gate(floor: Floor, seen: TrustEvidence) -> dict[str, dict[Step, tuple[str, ...]]]:
    """Doubts per team and step that hold for everybody. Each is ``word``, ``word:source`` or ``word:source@time``."""
    sources = team_sources(floor)
    never, _ = of_teams(floor, missing(floor, seen.unheard, seen.connected))
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
